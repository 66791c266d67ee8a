"""Population grids: GeoTIFF, cells as points or areas, and tables of grid codes.

Grid codes (격자 코드, ``gid``) follow the national point numbers (국가지점번호): two Korean letters
name a square of 100 km of the grid EPSG:5179, eastward and northward from (700,000; 1,300,000) m;
digits, half of them for each axis, divide it by tens: 다사5452 is a square of 1 km, 다사545525 one
of 100 m. In squares of 500 m a letter follows each number, a for the lower half and b for the
upper: 다사54a52b.

The statistics office (SGIS) gives lines ``year,grid code,item,people`` without a header, of which
the item ``to_in_001`` is everybody; numbers below five are hidden as ``N/A``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from ruralcare.errors import InputError
from ruralcare.inputs.files import DAMAGE, Faults, read_bytes
from ruralcare.inputs.people.cells import Cells, read_cells, squeezed
from ruralcare.inputs.people.point_files import (
    Features,
    find_pair,
    read_features,
    table_features,
    wider_bounds,
)
from ruralcare.inputs.people.projecting import checked_crs
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Townships

__all__ = ["GRID_CRS", "Grid", "grid_cell", "numbers", "read_grid", "value_column"]

GRID_CRS: Final = "EPSG:5179"
"""CRS of the national grid codes."""
_LETTERS: Final = "가나다라마바사아자차카타파하"
_ORIGIN_M: Final = (700_000.0, 1_300_000.0)
_LETTER_M: Final = 100_000.0
_CODE: Final = re.compile(rf"^([{_LETTERS}])([{_LETTERS}])(\d*)$")
_HALVES: Final = re.compile(rf"^([{_LETTERS}])([{_LETTERS}])(\d\d)([ab])(\d\d)([ab])$")
_GRID_COLUMNS: Final = ("gid", "gridcd", "gridcode", "gridid", "격자코드", "격자번호")
_PEOPLE: Final = (
    "val", "value", "pop", "population", "persons", "people", "total", "totpop", "tot",
    "toin001", "인구", "인구수", "총인구", "총인구수",
)  # fmt: skip
_HIDDEN: Final = {"", "n/a", "na", "nan", "none", "null", "-", "*", "x", "<na>"}
_EVERYBODY: Final = "to_in_001"
_TIFF: Final = (".tif", ".tiff")


@dataclass(frozen=True)
class Grid:
    """Cells of a population grid.

    Parameters
    ----------
    features : Features
        Centres of the cells; for areas that are no squares, a point inside.
    persons : ndarray of float
        People of each.
    """

    features: Features
    persons: np.ndarray


def grid_cell(code: str) -> tuple[float, float, float] | None:
    """Return the centre of a grid code in EPSG:5179 and the side of the square, all in metres.

    None if it is no grid code.

    Examples
    --------
    >>> grid_cell("다사5452")
    (954500.0, 1952500.0, 1000.0)
    >>> grid_cell("다사54a52b")
    (954250.0, 1952750.0, 500.0)
    """
    text = squeezed(code)
    halves = _HALVES.match(text)
    if halves is not None:
        east, north = (
            _LETTER_M / 100 * (int(number) + 0.5 * (half == "b"))
            for number, half in ((halves[3], halves[4]), (halves[5], halves[6]))
        )
        side = _LETTER_M / 200
        letters = halves[1], halves[2]
    else:
        match = _CODE.match(text)
        if match is None or len(match[3]) % 2:
            return None
        digits = len(match[3]) // 2
        side = _LETTER_M / 10**digits
        east = side * int(match[3][:digits] or 0)
        north = side * int(match[3][digits:] or 0)
        letters = match[1], match[2]
    x = _ORIGIN_M[0] + _LETTERS.index(letters[0]) * _LETTER_M + east + side / 2
    y = _ORIGIN_M[1] + _LETTERS.index(letters[1]) * _LETTER_M + north + side / 2
    return x, y, side


def read_grid(path: Path, scenario: Scenario, towns: Townships, faults: Faults) -> Grid:
    """Read a population grid, whichever kind it is.

    Raises
    ------
    InputError
        The file cannot be read, has no column of people, or lies elsewhere.
    """
    suffix = path.suffix.lower()
    if suffix in _TIFF:
        return _raster(path, scenario, towns, faults)
    if suffix in (".csv", ".txt", ".tsv", ".xlsx", ".xls"):
        if scenario.points.crs is not None:
            checked_crs(scenario.points.crs, faults)
        return _table(read_cells(path, faults), scenario, towns, faults)
    features = read_features(path, scenario, towns, faults)
    return _valued(features, scenario, faults)


def value_column(
    columns: list[str], known: tuple[str, ...], scenario: Scenario, faults: Faults
) -> str | None:
    """Return the column that the scenario names, else one with a known name, else None."""
    wanted = scenario.points.column
    if wanted is not None:
        if wanted not in columns:
            raise faults.stop(
                Message("There is no column {name} in the file.", name=wanted),
                Message("The columns found are: {columns}.", columns=", ".join(columns)[:300]),
                column="points.column",
                value=wanted,
            )
        return wanted
    plain = {re.sub(r"[_\s]", "", str(column)).lower(): column for column in reversed(columns)}
    found = next((plain[name] for name in known if name in plain), None)
    if found is None and known is _PEOPLE:
        found = next((column for column in columns if column.upper().startswith("TOT_")), None)
    return found


def numbers(
    features: Features, column: str, faults: Faults, hidden: Callable[[int], Message]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of a column and where there are any; hidden ones are counted in a remark.

    Parameters
    ----------
    hidden : callable
        Given how many do not tell their number, what to say of them.
    """
    texts = features.columns[column].astype(object).map(_text)
    blank = texts.str.lower().isin(_HIDDEN).to_numpy()
    values = pd.to_numeric(texts.where(~blank, "0").str.replace(",", ""), errors="coerce")
    wrong = (~np.isfinite(values) | (values < 0)).to_numpy()
    for position in np.flatnonzero(wrong):
        faults.add(
            Message("This must be a number of at least 0."),
            Message("Correct the cell, or leave it blank if the value is not known."),
            row=features.rows[position],
            column=column,
            value=texts.iloc[position],
        )
    if blank.any():
        faults.remark(
            hidden(int(blank.sum())),
            Message("They are left out; the people of a township are spread over the others."),
            column=column,
        )
    return values.to_numpy(dtype=float), ~(blank | wrong)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a file holds
    return "" if value is None or value != value else str(value).strip()


def _valued(features: Features, scenario: Scenario, faults: Faults) -> Grid:
    columns = [str(column) for column in features.columns.columns]
    column = value_column(columns, _PEOPLE, scenario, faults)
    if column is None:
        raise faults.stop(
            Message("The file has no column of people."),
            Message(
                "Set points.column to its name; found: {columns}.",
                columns=", ".join(columns)[:300],
            ),
            column="points.column",
        )
    values, known = numbers(
        features,
        column,
        faults,
        lambda count: Message(
            "{count} cells hide how few people live there, or do not say it.", count=count
        ),
    )
    faults.raise_if_any()
    return _of(features, values, known)


def _of(features: Features, values: np.ndarray, known: np.ndarray) -> Grid:
    kept = Features(
        features.points[known],
        features.columns[known],
        [row for row, one in zip(features.rows, known, strict=True) if one],
        features.form,
        features.crs,
        features.total,
    )
    return Grid(kept, values[known])


def _table(cells: Cells, scenario: Scenario, towns: Townships, faults: Faults) -> Grid:
    first = cells.rows[0]
    if len(first) == 4 and grid_cell(first[1]) and re.fullmatch(r"(19|20)\d\d", first[0]):
        return _coded(cells, 1, scenario, faults)
    plain = [re.sub(r"[_\s]", "", cell).lower() for cell in first]
    at = next((plain.index(name) for name in _GRID_COLUMNS if name in plain), None)
    if at is not None and find_pair(first) is None:
        return _coded(cells, at, scenario, faults)
    return _valued(table_features(cells, scenario, towns, faults), scenario, faults)


def _coded(cells: Cells, at: int, scenario: Scenario, faults: Faults) -> Grid:
    """Return cells from a table with grid codes."""
    headed = grid_cell(cells.rows[0][at]) is None
    header = cells.rows[0] if headed else ["year", "gid", "item", "value"]
    item = scenario.points.column or _EVERYBODY
    years = {row[0] for row in cells.rows if len(row) == 4} if not headed else set()
    kept, rows, centres = [], [], []
    seen: dict[str, int] = {}
    for number, row in zip(cells.numbers[headed:], cells.rows[headed:], strict=True):
        if len(row) < len(header):
            faults.add(
                Message(
                    "The row has {found} cells instead of {wanted}.",
                    found=len(row),
                    wanted=len(header),
                ),
                Message(
                    "Put texts with commas in quotes; a short row may mean a file that was cut off."
                ),
                row=number,
            )
            continue
        if not headed and (row[2] != item or row[0] != max(years)):
            continue
        centre = grid_cell(row[at])
        before = seen.setdefault(row[at], number)
        if centre is None or before != number:
            faults.add(
                Message("This is not a grid code.")
                if centre is None
                else Message("The same code is already in row {row}.", row=str(before)),
                Message("A code has two Korean letters and an even number of digits: 다사5452.")
                if centre is None
                else Message("Remove the repeated row."),
                row=number,
                column=header[at],
                value=row[at],
            )
            continue
        kept.append(row[: len(header)])
        rows.append(number)
        centres.append(centre[:2])
    faults.raise_if_any()
    if not kept:
        raise faults.stop(
            Message("The table has no rows of the item {item}.", item=item),
            Message("Set points.column to the item that counts everybody."),
            column="points.column",
            value=item,
        )
    to_scenario = Transformer.from_crs(GRID_CRS, scenario.crs, always_xy=True)
    x, y = np.asarray(centres, dtype=float).T
    features = Features(
        np.asarray(shapely.points(*to_scenario.transform(x, y))),
        pd.DataFrame(kept, columns=header, dtype=object),
        list(rows),
        f"grid codes, {cells.form}",
        GRID_CRS,
        len(cells.rows) - headed,
    )
    if headed:
        return _valued(features, scenario, faults)
    # The scenario's column has chosen the item.
    plain = scenario.model_copy(
        update={"points": scenario.points.model_copy(update={"column": None})}
    )
    return _valued(features, plain, faults)


def _raster(path: Path, scenario: Scenario, towns: Townships, faults: Faults) -> Grid:
    """Return the cells of a GeoTIFF around the townships that have people."""
    read_bytes(path, faults)
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
        from rasterio.windows import Window
    except ImportError:
        raise faults.stop(
            Message("GeoTIFF files need the package rasterio, which is not installed."),
            Message("Install it with: pip install ruralcare[raster]"),
            value=path.name,
        ) from None
    try:
        with warnings.catch_warnings():
            # A file that does not say where it lies is told as a fault below.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            image = rasterio.open(path)
        with image:
            crs = scenario.points.crs or image.crs
            if crs is None:
                raise faults.stop(
                    Message("The file does not tell its coordinate reference system (CRS)."),
                    Message("Set points.crs to the CRS of the file, such as {crs}.", crs=GRID_CRS),
                    column="points.crs",
                )
            if scenario.points.crs is not None:
                checked_crs(scenario.points.crs, faults)
            span = _span(image, crs, towns)
            if span is None:
                raise faults.stop(
                    Message("Nothing in the file lies in the planned townships."),
                    Message("Give the file of this county, and check its CRS (points.crs)."),
                    value=", ".join(f"{edge:.10g}" for edge in image.bounds),
                )
            (left, right), (top, bottom) = span
            window = Window(left, top, right - left, bottom - top)
            band = image.read(1, window=window, masked=True)
            to_ground = image.transform
            total = image.width * image.height
    except InputError:
        raise
    except (*DAMAGE, RasterioError) as error:
        raise faults.stop(
            Message("The file cannot be read: {detail}.", detail=str(error)[:200]),
            Message("Give a GeoTIFF with one band of people for each cell."),
        ) from None
    values = np.ma.filled(band.astype(float), np.nan)
    negative = int((values < 0).sum())
    if negative:
        faults.remark(
            Message(
                "{count} cells of the grid are below 0 and are taken as empty.", count=negative
            ),
            Message("Declare the value that means no data in the GeoTIFF (nodata)."),
        )
    rows, columns = np.nonzero(np.nan_to_num(values, nan=0.0) > 0)
    across, down = columns + left + 0.5, rows + top + 0.5
    x = to_ground.a * across + to_ground.b * down + to_ground.c
    y = to_ground.d * across + to_ground.e * down + to_ground.f
    to_scenario = Transformer.from_crs(crs, scenario.crs, always_xy=True)
    name = str(crs) if isinstance(crs, str) else str(crs.to_string())
    features = Features(
        np.asarray(shapely.points(*to_scenario.transform(x, y))),
        pd.DataFrame(index=range(len(x))),
        [None] * len(x),
        "GeoTIFF",
        name,
        total,
    )
    return Grid(features, values[rows, columns])


def _span(
    image: Any,  # noqa: ANN401 - an open raster
    crs: Any,  # noqa: ANN401 - name or CRS of rasterio
    towns: Townships,
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return first and last column and row around the townships; None where it does not reach."""
    to_image = Transformer.from_crs(towns.crs, crs, always_xy=True)
    west, south, east, north = to_image.transform_bounds(*wider_bounds(towns))
    ground = image.transform
    matrix = np.array([[ground.a, ground.b], [ground.d, ground.e]])
    corners = np.array([[west, west, east, east], [south, north, south, north]])
    across, down = np.linalg.solve(matrix, corners - np.array([[ground.c], [ground.f]]))
    if not np.isfinite([across, down]).all():
        return None
    spans = []
    for along, cells in ((across, image.width), (down, image.height)):
        first, last = max(int(along.min()) - 1, 0), min(int(along.max()) + 2, cells)
        if last <= first:
            return None
        spans.append((first, last))
    return spans[0], spans[1]
