"""The roads among the ways of an OpenStreetMap file, gathered as columns.

A country has a million ways and more, but few combinations of the tags that matter: each
combination is looked at once, and a way holds its number.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.inputs.roads.lines import WayColumns
from ruralcare.inputs.roads.pbf import Content, WayTable
from ruralcare.inputs.roads.tags import USED_TAGS, WayTags, way_tags

__all__ = ["RoadWays"]

Ints = NDArray[np.int64]

_TAGS: Final = {name: number for number, name in enumerate(USED_TAGS)}
_HIGHWAY, _ROUTE, _NAME, _REF = (_TAGS[one] for one in ("highway", "route", "name", "ref"))
# What tells roads apart; names do not.
_TELLING: Final = np.array(
    [number for name, number in _TAGS.items() if name not in ("name", "ref")]
)
_LONGEST_TAG: Final = max(map(len, USED_TAGS))


class _Pool:
    """Texts, each kept once."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        return self.number.setdefault(text, len(self.number))

    def take(self, numbers: Ints) -> pd.Series:
        return pd.Series(pd.Categorical.from_codes(numbers, pd.Index(list(self.number))))


class RoadWays:
    """Gathers roads and ferries.

    Attributes
    ----------
    rows : int
        Ways with ``highway``, and ferries, whether cars can use them or not.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._meanings: list[WayTags] = []
        self._known: dict[tuple[tuple[str, str], ...], int] = {}
        self._texts = _Pool()
        # Rows of meaning, name, ref, id, number of nodes; and the nodes. They grow in place.
        self._rows = array("q")
        self._refs = array("q")

    def add(self, way_id: int, tags: Mapping[str, str], refs: Iterable[int]) -> bool:
        """Add a way, if it is a road or a ferry for cars; return whether it is."""
        given = {key: value for key, value in tags.items() if key in _TAGS}
        if "highway" not in given and given.get("route") != "ferry":
            return False
        self.rows += 1
        name, ref = given.pop("name", ""), given.pop("ref", "")
        meaning = self._meaning(given)
        if meaning < 0:
            return False
        before = len(self._refs)
        self._refs.extend(refs)
        size = len(self._refs) - before
        texts = (self._texts.add(name), self._texts.add(ref))
        self._rows.extend((meaning, *texts, way_id, size))
        return True

    def add_block(self, content: Content, table: WayTable) -> None:
        """Add the roads and ferries among the ways of a block of an .osm.pbf."""
        ranges = content.text_ranges()
        data = content.data
        texts = len(ranges)
        if not texts or not len(table.ids):
            return
        for one in (table.keys, table.values):
            if len(one) and not 0 <= one.min() <= one.max() < texts:
                raise ValueError("text of a tag")
        tag_of_text = np.full(texts, -1, dtype=np.int64)
        ferry = -1
        for number, (begin, end) in enumerate(ranges):
            if end - begin <= _LONGEST_TAG:
                text = data[begin:end].decode(errors="replace")
                tag_of_text[number] = _TAGS.get(text, -1)
                ferry = number if text == "ferry" else ferry
        way = np.repeat(np.arange(len(table.ids)), table.tags)
        tag = tag_of_text[table.keys]
        used = tag >= 0
        given = np.full((len(table.ids), len(_TAGS)), -1, dtype=np.int32)
        given[way[used], tag[used]] = table.values[used]
        chosen = given[:, _HIGHWAY] >= 0
        if ferry >= 0:
            chosen |= given[:, _ROUTE] == ferry
        self.rows += int(chosen.sum())
        if not chosen.any():
            return

        def text_of(number: int) -> str:
            begin, end = ranges[number]
            text = data[begin:end].decode()
            if "\0" in text:
                raise ValueError("text of a tag")
            return text

        telling = np.ascontiguousarray(given[chosen][:, _TELLING])
        # Rows as single items: sorting them is several times as fast as by axis.
        width = telling.shape[1] * telling.itemsize
        whole = telling.view(np.dtype((np.void, width))).ravel()
        _, first, which = np.unique(whole, return_index=True, return_inverse=True)
        meanings = [
            self._meaning(
                {
                    USED_TAGS[int(_TELLING[at])]: text_of(int(row[at]))
                    for at in np.flatnonzero(row >= 0)
                }
            )
            for row in telling[first]
        ]
        meaning = np.array(meanings, dtype=np.int64)[which]
        chosen[chosen] = meaning >= 0
        columns = [meaning[meaning >= 0]]
        for tag_number in (_NAME, _REF):
            numbers, which = np.unique(given[chosen, tag_number], return_inverse=True)
            known = [self._texts.add(text_of(one) if one >= 0 else "") for one in numbers.tolist()]
            columns.append(np.array(known, dtype=np.int64)[which])
        columns += [table.ids[chosen], table.sizes[chosen]]
        self._rows.frombytes(np.column_stack(columns).astype(np.int64, copy=False).tobytes())
        self._refs.frombytes(table.refs[np.repeat(chosen, table.sizes)].tobytes())

    def _meaning(self, tags: dict[str, str]) -> int:
        """Return the number of what tags mean, or −1 where cars cannot use the way."""
        key = tuple(sorted(tags.items()))
        number = self._known.get(key)
        if number is None:
            meaning = way_tags(tags)
            number = -1 if meaning is None else len(self._meanings)
            if meaning is not None:
                self._meanings.append(meaning)
            self._known[key] = number
        return number

    def finish(self) -> tuple[WayColumns, Ints, Ints]:
        """Return what was gathered, and forget it.

        Returns
        -------
        ways : WayColumns
            Tags and ids of the ways.
        sizes : array of int
            Number of nodes of each way.
        refs : array of int
            Ids of the nodes, way after way.
        """
        meaning, name, ref, ids, sizes = np.array(self._rows, dtype=np.int64).reshape(-1, 5).T
        refs = np.array(self._refs, dtype=np.int64)
        self._rows, self._refs = array("q"), array("q")
        names, numbers = self._texts.take(name), self._texts.take(ref)
        ways = WayColumns(
            self._meanings, meaning.copy(), names, numbers, pd.Series(ids).astype("str")
        )
        return ways, sizes.copy(), refs
