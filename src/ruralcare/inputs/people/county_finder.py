"""Which planned counties a cell of a table means, by code or by name, of any date."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from ruralcare.inputs.codes import CodeBook, lies_in, provinces
from ruralcare.types import Townships

__all__ = ["CountyFinder"]

_CODE: Final = re.compile(r"\d{5}(?:0{5})?")
_TOWNSHIP: Final = re.compile(r"\d{10}")
_COUNTY_DIGITS: Final = 5
_CITY_DIGITS: Final = 4


class CountyFinder:
    """Finds planned counties.

    Parameters
    ----------
    townships : Townships
        Codes are those in force at ``as_of``.
    book : CodeBook
        Changes of codes.
    """

    def __init__(self, townships: Townships, book: CodeBook) -> None:
        frame = townships.frame
        self.names: dict[str, str] = {}
        """Names of the counties by ``sigungu_id``."""
        self._codes: dict[str, set[str]] = defaultdict(set)
        self._as_of, self._book = townships.as_of, book
        for town, county, name in zip(
            frame.index, frame["sigungu_id"], frame["sigungu_name"], strict=True
        ):
            self.names.setdefault(str(county), str(name))
            # Five digits mean a county in other countries too; ten mean one of Korea.
            if _TOWNSHIP.fullmatch(str(town)):
                self._codes[str(county)] |= {str(town)[:_COUNTY_DIGITS], str(county)}

    def by_code(self, text: str) -> tuple[str, ...]:
        """Return the ``sigungu_id`` of the counties of a code; those of its wards for a city's."""
        if not _CODE.fullmatch(text):
            return ()
        then = self._book.at(text[:_COUNTY_DIGITS], self._as_of)
        exact = [county for county, codes in self._codes.items() if then in codes]
        if exact or not then.endswith("0"):
            return tuple(exact)
        # The wards of the city 47110 are 47111 and 47113.
        return tuple(
            county
            for county, codes in self._codes.items()
            if _is_ward(self.names[county])
            and any(code.startswith(then[:_CITY_DIGITS]) for code in codes)
        )

    def by_name(self, text: str) -> tuple[str, ...]:
        """Return the ``sigungu_id`` of the counties of a name, with or without its province.

        Several if the name means the wards of a city, or counties of several provinces.
        """
        whole = _squeezed(text)
        found = self._named(whole)
        if found:
            return found
        first, _, rest = " ".join(text.split()).partition(" ")
        if not rest or not provinces(first):
            return ()
        return self.in_province(self._named(_squeezed(rest)), first)

    def in_province(self, counties: tuple[str, ...], province: str) -> tuple[str, ...]:
        """Return those of some counties that lie or lay in a province."""
        return tuple(
            county
            for county in counties
            if any(lies_in(code, province, self._book) for code in self._codes[county])
        )

    def _named(self, name: str) -> tuple[str, ...]:
        exact = tuple(one for one, known in self.names.items() if _squeezed(known) == name)
        if exact or not name.endswith("시"):
            return exact
        return tuple(
            one
            for one, known in self.names.items()
            if _is_ward(known) and _squeezed(known).startswith(name)
        )


def _is_ward(name: str) -> bool:
    """Return whether a name is that of a ward of a city: 포항시 남구."""
    squeezed = _squeezed(name)
    return squeezed.endswith("구") and "시" in squeezed[1:-1]


def _squeezed(name: str) -> str:
    return "".join(name.split())
