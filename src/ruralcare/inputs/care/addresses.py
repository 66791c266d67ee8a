"""Taking a Korean address apart.

Addresses come with a road and a house number (도로명주소: 해남로 1452) or with a village and a lot
number (지번주소: 백호리 379-2); half-width or full-width; with floors, notes in brackets, without
spaces, or twice in one cell.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

from ruralcare.inputs.codes import provinces
from ruralcare.types import Precision

__all__ = ["Address", "clean_address", "full_address", "parse_address"]

# A tail shorter than this may well occur twice in a good address.
_SHORTEST_DOUBLE: Final = 8
# Whatever is longer is no address; some patterns would take very long for it.
_LONGEST: Final = 300
_NOTE: Final = re.compile(r"\([^()]*\)")
_VILLAGE: Final = re.compile(r"([가-힣]+(?:\d+)?리)(?![가-힣])")
# A street called 백호길 or 백호2길 is a lane of the village 백호리; a 로 is a longer road.
_LANE: Final = re.compile(r"([가-힣]+?)\d*(?:번)?길(?:\s|$)")
_HOUSE: Final = re.compile(
    r"([^\s,()]*[가-힣\d](?:로|길))\s*(?:지하\s*)?(\d+(?:-\d+)?)(?![\d-]|번?길|로|번지)"
)
_ROAD: Final = re.compile(r"([^\s,()]*[가-힣\d](?:로|길))(?=[\s,]|$)")
_LOT: Final = re.compile(
    r"([가-힣]+\d*(?:리|동|가|읍|면))\s*(산)?\s*(\d+)(?:번지)?(?:\s*(?:-|의)\s*(\d+))?"
    r"(?![\d가-힣]*(?:동|리|길|로|호|층)(?![가-힣]))(?!\d)"
)
_COUNTY: Final = re.compile(r"[가-힣]{1,4}[시군구]")
_RUN_ON: Final = re.compile(r"[가-힣]{1,3}[시군구][가-힣]{2,}")


def full_address(text: str) -> str:
    """Return an address with half-width letters and single spaces, once if it was given twice.

    Examples
    --------
    >>> full_address("동남구 목천읍 충절로 820, 2층동남구 목천읍 충절로 820, 2층")
    '동남구 목천읍 충절로 820, 2층'
    """
    text = " ".join(unicodedata.normalize("NFKC", text).split())[:_LONGEST]
    for cut in range(len(text) // 2, len(text) - _SHORTEST_DOUBLE + 1):
        tail = text[cut:].lstrip()
        if len(tail) >= _SHORTEST_DOUBLE and text[:cut].rstrip().endswith(tail):
            return text[:cut].rstrip()
    return text


def clean_address(text: str) -> str:
    """Return an address in a standard form: half-width letters, single spaces, no notes.

    Examples
    --------
    >>> clean_address("전라남도 해남군 계곡면 해남로  １４５２ (계곡면)")
    '전라남도 해남군 계곡면 해남로 1452'
    """
    return _without_notes(full_address(text))


def _without_notes(full: str) -> str:
    if "(" not in full:
        return full
    return " ".join(_NOTE.sub(" ", full).split())


class Address(NamedTuple):
    """An address taken apart.

    Parameters
    ----------
    full : str
        With its notes in brackets.
    clean : str
        Without them.
    words : tuple of str
        Words after the province.
    provinces : frozenset of str
        Codes of the province that it names, as two digits; empty where it names none.
    """

    full: str
    clean: str
    words: tuple[str, ...]
    provinces: frozenset[str]

    @property
    def names_county(self) -> bool:
        """Whether one of the first words is called like a county (시·군·구)."""
        return bool(self.counties)

    @property
    def counties(self) -> frozenset[str]:
        """Those of the first words that are called like a county (시·군·구)."""
        return frozenset(word for word in self.words[:3] if _COUNTY.fullmatch(word))

    @property
    def runs_on(self) -> bool:
        """Whether a county and what lies in it are written as one word: 이천시창전동."""
        return bool(self.words and _RUN_ON.match(self.words[0]))

    @property
    def villages(self) -> list[str]:
        """Names of villages in it, without 리: ``백호``, ``고운1``."""
        return [match[1].removesuffix("리") for match in _VILLAGE.finditer(self.full)]

    @property
    def lane(self) -> str | None:
        """Stem of the lane: ``백호`` of 백호2길."""
        found = _LANE.search(self.clean)
        return found[1] if found else None

    @property
    def number(self) -> tuple[str, ...] | None:
        """Road and house number, or village and lot number; None where it has neither."""
        if found := _HOUSE.search(self.clean):
            return "road", found[1], found[2]
        if found := _LOT.search(self.clean):
            return "lot", found[1], found[2] or "", found[3], found[4] or ""
        return None

    @property
    def question(self) -> str:
        """The address up to its number, without floors and rooms: what a geocoder is asked."""
        found = _HOUSE.search(self.clean) or _LOT.search(self.clean)
        return self.clean[: found.end()] if found else self.clean.partition(",")[0]

    @property
    def on_road(self) -> bool:
        """Whether it names a road (도로명주소)."""
        return bool(_HOUSE.search(self.clean) or _ROAD.search(self.clean))

    @property
    def precision(self) -> Precision:
        """How finely the address itself names a place."""
        if self.number is not None:
            return "point"
        if _ROAD.search(self.clean):
            return "road"
        return "village" if self.villages else "township"


def parse_address(text: str) -> Address:
    """Take an address apart.

    Examples
    --------
    >>> one = parse_address("전남 해남군 해남읍 백호길 25-15 (해남읍)")
    >>> sorted(one.provinces), one.lane, one.number
    (['12', '46'], '백호', ('road', '백호길', '25-15'))
    """
    full = full_address(text)
    clean = _without_notes(full)
    words = tuple(clean.replace(",", " ").split())
    codes = provinces(words[0]) if words else frozenset[str]()
    if len(words) > 1 and words[0] == "광주시" and words[1].endswith("구"):
        # The county 광주시 of 경기도 has no districts.
        codes = provinces("광주광역시")
    if codes:
        return Address(full, clean, words[1:], codes)
    if words and not any(_COUNTY.fullmatch(word) for word in words[:3]):
        # Some old addresses have no spaces at all.
        name = next((one for one in _province_names() if words[0].startswith(one)), "")
        if name:
            words = (words[0][len(name) :], *words[1:])
            return Address(full, clean, tuple(word for word in words if word), provinces(name))
    return Address(full, clean, words, codes)


@cache
def _province_names() -> tuple[str, ...]:
    """Return the names that provinces begin with where nothing is written between."""
    long = ("특별시", "광역시", "직할시", "특별자치시", "특별자치도", "도", "시", "")
    places = "서울 부산 대구 인천 광주 대전 울산 세종 경기 강원 제주 충북 충남 전북 전남 경북 경남"
    halves = "충청북 충청남 전라북 전라남 경상북 경상남 전남광주통합"
    short = f"{places} {halves}".split()
    names = {one + end for one in short for end in long}
    return tuple(sorted((name for name in names if provinces(name)), key=len, reverse=True))
