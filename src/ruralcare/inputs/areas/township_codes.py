"""Codes, names and counties of areas, under whatever columns their publisher has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from ruralcare.inputs.areas.crosswalk import Crosswalk
from ruralcare.inputs.codes import provinces
from ruralcare.inputs.files import Faults
from ruralcare.language import Message

__all__ = ["named_areas"]

# Columns of the known publishers, in lower case, best first. What a column holds is told by its
# values: adm_cd has seven digits in one year and eight in another, emd_cd eight or ten.
_IDS: Final = (
    "township_id",
    "adm_cd2",
    "emd_cd",
    "adm_cd",
    "adm_cd8",
    "adm_dr_cd",
    "code",
)
_NAMES: Final = ("name", "emd_nm", "emd_kor_nm", "adm_nm", "adm_dr_nm")
_COUNTIES: Final = ("sigungu_name", "sggnm", "sgg_nm", "sigungu_nm", "sig_kor_nm")
_PROVINCES: Final = ("sidonm", "sido_nm", "ctp_kor_nm", "sido_name")

_KINDS: Final = {
    "mois": re.compile(r"\d{10}"),
    # A township so new that its KOSTAT code was not known is written with X.
    "kostat7": re.compile(r"\d{5}[\dX]{2}"),
    "kostat8": re.compile(r"\d{5}[\dX]{3}"),
    "county": re.compile(r"\d{5}|\d{2}"),
}
# Provinces that only the ministry's codes begin with; those of KOSTAT have 11, 21–26, 29, 31–39.
_ONLY_MOIS: Final = re.compile(r"27|28|30|4\d|5\d")


def named_areas(
    frame: gpd.GeoDataFrame,
    faults: Faults,
    crosswalk: Crosswalk | None,
    earlier: Mapping[str, str],
    *,
    korean: bool,
) -> tuple[pd.DataFrame, str]:
    """Return codes, names and counties of areas.

    Parameters
    ----------
    frame : GeoDataFrame
        As from :func:`~ruralcare.inputs.areas.area_files.read_area_file`.
    crosswalk : Crosswalk, optional
        Needed where the codes are those of KOSTAT.
    earlier : mapping of str to str
        As for :meth:`~ruralcare.inputs.areas.crosswalk.Crosswalk.cross`.
    korean : bool
        Whether codes must be those of Korean townships; elsewhere any text is an id.

    Returns
    -------
    DataFrame
        With the index of ``frame``: ``row``, ``township_id`` (as given, or as the crosswalk has
        it), ``name``, ``sigungu_id``, ``sigungu_name`` and ``province`` (name or empty), ``given``
        (code of the file), ``how`` (of :class:`~ruralcare.inputs.areas.crosswalk.Crossed`; empty
        without crosswalk).
    str
        Column of the codes.

    Raises
    ------
    InputError
        Columns are not known, codes are of another kind, or cells are empty or wrong.
    """
    columns = {str(name).lower(): name for name in reversed(list(frame.columns))}
    drawn = frame.geometry.notna() & ~frame.geometry.is_empty
    codes = {one: frame[columns[one]].map(_text) for one in _IDS if one in columns}
    kinds = {one: _kind(series[drawn], one) if korean else "other" for one, series in codes.items()}
    name_column = _first(_NAMES, columns)
    if not codes or name_column is None:
        shown = ", ".join(str(name) for name in frame.columns if name not in ("geometry", "row"))
        raise faults.stop(
            Message("No column with township codes and names is known."),
            Message("Rename the columns to township_id and name; found: {columns}.", columns=shown),
        )
    best = min(codes, key=lambda one: _RANK[kinds[one]])
    ids, kind, id_column = codes[best], kinds[best], str(columns[best])
    first = ids[drawn].iloc[0] if drawn.any() else ""
    _check_kind(kind, crosswalk, id_column, first, faults)
    full = frame[name_column].map(_text)
    _check_cells(ids[drawn], full[drawn], frame["row"], kind, (id_column, name_column), faults)
    parts = full.str.split()
    table = pd.DataFrame(
        {"row": frame["row"], "township_id": ids, "name": parts.str[-1].fillna("")}
    )
    table["given"], table["how"] = ids, ""
    county, province = _first(_COUNTIES, columns), _first(_PROVINCES, columns)
    table["sigungu_name"] = frame[county].map(_text) if county else parts.map(_county)
    table["province"] = frame[province].map(_text) if province else parts.map(_province)
    if kind.startswith("kostat") and crosswalk is not None:
        crossed = crosswalk.cross(list(ids), list(table["name"]), earlier)
        for column in ("township_id", "sigungu_id", "how"):
            table[column] = [getattr(one, column) for one in crossed]
        for column in ("sigungu_name", "province"):
            known = [getattr(one, column) for one in crossed]
            table[column] = [new or old for new, old in zip(known, table[column], strict=True)]
    elif "sigungu_id" in columns:
        table["sigungu_id"] = frame[columns["sigungu_id"]].map(_text)
    else:
        table["sigungu_id"] = ids.str[:5]
    return table, id_column


_RANK: Final = {"mois": 0, "kostat7": 1, "kostat8": 1, "other": 2, "legal": 3, "county": 4}


def _first(known: Iterable[str], columns: dict[str, Any]) -> Any:  # noqa: ANN401 - a column's name
    return next((columns[one] for one in known if one in columns), None)


def _text(value: Any) -> str:  # noqa: ANN401 - codes come as text or number
    """Return a cell as text: a whole number without point, Korean letters whole."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unicodedata.normalize("NFC", str(value)).strip()


def _kind(codes: pd.Series, column: str) -> str:
    """Return of which office most codes of a column are."""
    share = {kind: codes.str.fullmatch(form).mean() for kind, form in _KINDS.items()}
    kind = max(share, key=lambda one: share[one])
    if not share[kind] > 0.5:
        return "other"
    if kind == "kostat8" and (column == "emd_cd" or codes.str.match(_ONLY_MOIS).mean() > 0.5):
        return "legal"
    return kind


def _check_kind(
    kind: str, crosswalk: Crosswalk | None, column: str, first: str, faults: Faults
) -> None:
    if kind == "legal":
        raise faults.stop(
            Message(
                "These are codes of legal townships (법정동), with eight digits; people are "
                "counted by administrative ones."
            ),
            Message("Give boundaries of administrative townships (행정동), such as those of SGIS."),
            column=column,
            value=first,
        )
    if kind == "county":
        raise faults.stop(
            Message("These are codes of counties or provinces, not of townships."),
            Message("Give a file with a polygon for each township."),
            column=column,
            value=first,
        )
    if kind.startswith("kostat") and crosswalk is None:
        raise faults.stop(
            Message(
                "These are codes of the statistics office (KOSTAT), with {digits} digits; all "
                "other files have those of the ministry.",
                digits=kind[-1],
            ),
            Message(
                "Give the table that leads from one to the other, with columns adm_cd (or adm_cd8) "
                "and adm_cd2, as townships.crosswalk."
            ),
            column=column,
            value=first,
        )


def _check_cells(
    ids: pd.Series,
    names: pd.Series,
    rows: pd.Series,
    kind: str,
    columns: tuple[str, str],
    faults: Faults,
) -> None:
    for row in rows[ids.index][ids == ""]:
        faults.add(
            Message("The code is missing."),
            Message("Fill the cell: rows are told apart by it."),
            row=int(row),
            column=columns[0],
        )
    for row in rows[names.index][names == ""]:
        faults.add(
            Message("The name is missing."),
            Message("Write the name of the township."),
            row=int(row),
            column=columns[1],
        )
    if kind == "mois":
        wrong = ids[(ids != "") & ~ids.str.fullmatch(_KINDS["mois"])]
        for row, code in zip(rows[wrong.index], wrong, strict=True):
            faults.add(
                Message("This is not a ten-digit township code."),
                Message(
                    "Give the code of the township (행정동코드). Excel turns codes into numbers: "
                    "set the column to text before pasting."
                ),
                row=int(row),
                column=columns[0],
                value=code,
            )
        large = ids[ids.str.endswith("00000")]
        for row, code in zip(rows[large.index], large, strict=True):
            faults.add(
                Message("This is the code of a county or a province, not of a township."),
                Message("Keep only townships in the file."),
                row=int(row),
                column=columns[0],
                value=code,
            )
    faults.raise_if_any()


def _county(parts: list[str]) -> str:
    """Return the county in a full name: province, county (one or two words), township."""
    if len(parts) == 2:
        return parts[0]
    return " ".join(parts[1:-1])


def _province(parts: list[str]) -> str:
    known = len(parts) > 2 or (len(parts) == 2 and provinces(parts[0]))
    return parts[0] if known else ""
