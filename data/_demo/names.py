"""Invented names of the demo county. None of the township names is in use in Korea."""

from __future__ import annotations

from .grid import rng

VILLAGES_PER_TOWNSHIP = {
    "한들읍": 30, "해동읍": 24, "월현면": 21, "운담면": 13, "석현면": 20, "노송면": 21,
    "금학면": 17, "매봉면": 13, "벽송면": 22, "은계면": 18, "율현면": 15, "백련면": 17,
    "해담면": 14, "묵도면": 8,
}  # fmt: skip

_FIRST = tuple(
    "상하신구동서남북대소월용금송죽매백청화옥석덕산수봉학원안내외연운"
    "만장평삼오자양명도율초향복선성창중관행은현호가고노미방사"
)
_INLAND = tuple("산천촌동정월전암계곡덕평림학봉지치흥현교당실대안기양운재")
_COAST = tuple("포진항호암도두해전촌선정강죽장목")
_PURE = (
    "새터", "안골", "밤골", "큰골", "솔고개", "갯안", "너른들", "돌담", "샘골",
    "가는골", "뒷개", "앞개", "물치", "대숲골", "논골", "감나무골", "한새", "긴등",
    "모래등", "다리목", "버들", "새말", "양지뜸", "음지뜸",
)  # fmt: skip


def village_names(kinds: list[str], salt: int, avoid: set[str]) -> list[str]:
    """Return one name per village of a township, unique within it and rare elsewhere."""
    random = rng(400 + salt)
    names: list[str] = []
    for kind in kinds:
        while True:
            if kind == "inland" and random.random() < 0.09:
                base = _PURE[int(random.integers(len(_PURE)))]
            else:
                ends = _COAST if kind in ("coast", "islet") else _INLAND
                base = _FIRST[int(random.integers(len(_FIRST)))]
                base += ends[int(random.integers(len(ends)))]
            name = base + "리"
            repeated = name in avoid and random.random() < 0.9
            if name not in names and not repeated and base[0] != base[-1]:
                names.append(name)
                avoid.add(name)
                break
    return names
