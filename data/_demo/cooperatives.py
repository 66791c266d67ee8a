"""Branches of the agricultural co-operatives, in the layout of the KFTC bank code file."""

from __future__ import annotations

import csv
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter

from .townships import COUNTY, PROVINCE

COOP, NH = "농축협", "NH농협은행"
# (code, bank, branch, postcode, township, road and number, open, successor)
BRANCHES: tuple[tuple[str, str, str, str, str, str, bool, str], ...] = (
    ("0129902", COOP, "한들농협", "00101", "한들읍", "한들로 112", True, ""),
    ("0129915", COOP, "해동농협", "00121", "해동읍", "해동로 71", True, ""),
    ("0129928", COOP, "월현농협", "00131", "월현면", "월현로 102", True, ""),
    ("0129931", COOP, "석현농협", "00141", "석현면", "석현로 318", True, ""),
    ("0129944", COOP, "노송농협", "00145", "노송면", "노송로 214", True, ""),
    ("0129957", COOP, "금학농협", "00149", "금학면", "금학로 26", True, ""),
    ("0129960", COOP, "벽송농협", "00153", "벽송면", "벽송로 48", True, ""),
    ("0129973", COOP, "은계농협", "00157", "은계면", "은계로 9-1", True, ""),
    ("0129986", COOP, "서가람농협", "00161", "율현면", "율현로 404", True, ""),
    ("0139908", COOP, "한들 중앙", "00103", "한들읍", "중앙로 55", True, ""),
    ("0139911", COOP, "월현 운담", "00135", "운담면", "한들대로 1820", True, ""),
    ("0139924", COOP, "금학 매봉", "00151", "매봉면", "매봉로 233", True, ""),
    ("0139937", COOP, "서가람 백련", "00165", "백련면", "백련로 648", True, ""),
    ("0139940", COOP, "서가람 해담", "00169", "해담면", "해담로 24", True, ""),
    ("0139953", COOP, "해동 묵도", "00173", "묵도면", "묵도로 133", True, ""),
    ("0139966", COOP, "해동 항구", "00123", "해동읍", "해동항로 205", True, ""),
    # Units that are no branch of a local co-operative.
    ("0109905", NH, "한들권역보증센터", "00101", "한들읍", "중앙로 90", True, ""),
    ("0119908", NH, "한들군(지부)", "00101", "한들읍", "중앙로 88", True, ""),
    ("0119911", NH, "한들군청(출)", "00101", "한들읍", "군청길 1", True, ""),
    ("0119924", NH, "해동출장소", "00121", "해동읍", "해동로 12", False, "0119908"),
    ("0149907", COOP, "벽송 동포<간>", "00154", "벽송면", "동포길 3", False, ""),
    ("0159900", COOP, "한들권역보증센터", "00101", "한들읍", "중앙로 90", True, ""),
    ("0179906", COOP, "한들축산농협", "00101", "한들읍", "시장길 40", True, ""),
    ("0179919", COOP, "한들축협 해동", "00121", "해동읍", "해동로 95", True, ""),
    ("0999901", "가람은행", "한들", "00101", "한들읍", "중앙로 44", True, ""),
)
# Probability that a branch takes up care services when asked, and why (all invented).
WILLING = {
    "0129902": (0.9, "조합장 추진 의지 강함, 유휴 건물 보유"),
    "0129915": (0.7, "이사회 논의 중"),
    "0129928": (0.8, "재가센터 개설 검토 완료"),
    "0129931": (0.6, "민간 기관과 중복 우려"),
    "0129944": (0.9, "재가노인복지센터 운영 중"),
    "0129957": (0.5, "인력 확보가 관건"),
    "0129960": (0.6, "지자체 보조 전제"),
    "0129973": (0.4, "적자 우려"),
    "0129986": (0.7, "조합원 요구 많음"),
    "0139908": (0.0, "금융점포 전용, 참여 불가"),
    "0139911": (0.5, "본점 결정에 따름"),
    "0139924": (0.4, "본점 결정에 따름"),
    "0139937": (0.7, "조합원 고령화로 수요 높음"),
    "0139940": (0.3, "건물 협소"),
    "0139953": (0.6, "도서 지역 유일 점포"),
    "0139966": (0.0, "통폐합 예정, 참여 불가"),
}
_WIDE_SPACE = "\u3000"


def full_width(text: str, length: int) -> str:
    """Return text in full-width characters, padded with ideographic spaces."""
    table = {ord(" "): _WIDE_SPACE}
    table |= {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
    return text.translate(table).ljust(length, _WIDE_SPACE)[:length]


def is_candidate(code: str) -> bool:
    """Say whether a code is one of the sixteen branches of local co-operatives."""
    return code in WILLING


def write_branches(path: Path) -> None:
    """Write the workbook; the archive is stored uncompressed so that its bytes are stable."""
    rows = [[str(k) for k in range(9)]]
    for number, row in enumerate(sorted(BRANCHES)):
        code, bank, branch, postcode, town, road, is_open, successor = row
        address = full_width(f"{PROVINCE} {COUNTY} {town} {road}", 50)
        status = "정상    " if is_open else "잠정폐쇄"
        phone = [f"000 000 {number + 1:04d}", f"000 000 {number + 501:04d}"]
        rows.append([
            code, full_width(bank, 10), full_width(branch, 15), *phone, f"{postcode} ", address,
            status, successor or " " * 7,
        ])  # fmt: skip
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": "한들군 demo", "created": datetime(2023, 10, 31)})
    sheet = book.add_worksheet("Sheet1")
    for r, values in enumerate(rows):
        for c, value in enumerate(values):
            sheet.write_string(r, c, value)
    book.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(buffer) as packed, zipfile.ZipFile(path, "w") as plain:
        for name in packed.namelist():
            info = zipfile.ZipInfo(name, date_time=(2023, 10, 31, 0, 0, 0))
            plain.writestr(info, packed.read(name), compress_type=zipfile.ZIP_STORED)


def write_willingness(path: Path) -> None:
    """Write the table of willingness (UTF-8)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["coop_code", "willing", "note"])
        for code, (willing, note) in sorted(WILLING.items()):
            out.writerow([code, willing, note])
