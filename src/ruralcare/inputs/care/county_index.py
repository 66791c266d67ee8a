"""Counties and townships as addresses name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import pandas as pd

from ruralcare.inputs.care.addresses import Address
from ruralcare.inputs.codes import CodeBook, CodeChange, province_name, provinces
from ruralcare.language import Message

__all__ = ["County", "CountyIndex"]

_NUMBERED: Final = re.compile(r"제?\d+동$")
_CITY_AND_DISTRICT: Final = re.compile(r"([가-힣]+시)([가-힣]+구)")


class County(NamedTuple):
    """A county as addresses name it.

    Parameters
    ----------
    names : tuple of str
        From large to small: 천안시, 동남구.
    provinces : frozenset of str
        Codes of the provinces that it belonged to through time; empty where they are not known.
    towns : mapping
        Name of a township → township ids.
    divided : mapping
        Name of a legal dong (쌍용동) → the administrative ones it is divided into (쌍용1동 …).
    """

    county_id: str
    names: tuple[str, ...]
    provinces: frozenset[str]
    towns: dict[str, list[str]]
    divided: dict[str, list[str]]


@dataclass(frozen=True, eq=False)
class CountyIndex:
    """Finds the county and the township that an address names.

    Names occur many times in the country: 고성군 lies in two provinces, 중구 in six cities, 북면 in
    dozens of counties. Provinces and cities in the address tell them apart.

    Parameters
    ----------
    frame : DataFrame
        Townships by id, with ``name``, ``sigungu_id`` and ``sigungu_name``.
    book : CodeBook
        Changes of codes, for counties that moved from one province to another.
    """

    frame: pd.DataFrame
    book: CodeBook

    def counties(self, address: Address) -> list[County] | None:
        """Return the counties that an address may mean; None if it means none of the known."""
        head = address.words[:4]
        cities = {word for word in head if word.endswith("시") and not provinces(word)}
        whole, parts = [], []
        for word in head:
            for county in self._by_name.get(word, ()):
                if county in whole or county in parts or not _fits(county, address.provinces):
                    continue
                if set(county.names) <= set(head):
                    if len(county.names) > 1 or not cities - {word}:
                        whole.append(county)
                elif not cities or county.names[0] in cities:
                    parts.append(county)
        # 천안시 alone means either of its districts; 동남구 alone means the one of that name.
        districts = [county for county in parts if county.names[-1] in head]
        if found := whole or districts or parts:
            return found
        if not self._known_by_name:
            return self._all
        if address.names_county:
            return None
        text = "".join(address.words)
        joined = [
            county
            for county in self._all
            if county.names
            and text.startswith("".join(county.names))
            and _fits(county, address.provinces)
        ]
        if joined:
            return joined
        if address.runs_on:
            return None
        if not address.provinces:
            return self._all
        return [one for one in self._all if one.provinces & address.provinces] or None

    def town(self, address: Address, counties: list[County]) -> list[str] | Message:
        """Return the township that an address names, or why there is none.

        Several where it names a legal dong that is divided into them.
        """
        nowhere = Message("The address names no township of the boundaries.")
        words = address.words
        noted = re.findall(r"[(,]\s*([^(),\s]+[읍면동가])(?=\s*[),])", address.full)
        for names in (words, noted, [word[:end] for word in words for end in _ends(word)]):
            for name in names:
                hits = [one for county in counties for one in county.towns.get(_bare(name), ())]
                if len(hits) == 1:
                    return hits
                if hits:
                    return Message("More than one township has the name in the address.")
        for name in (*words, *noted):
            parts = [county.divided.get(_bare(name), []) for county in counties]
            found = [ids for ids in parts if ids]
            if len(found) == 1:
                return found[0]
        if len(words) <= 2:
            text = "".join(words)
            hits = [
                one
                for county in counties
                if county.names
                for name, ids in county.towns.items()
                if name in text
                for one in ids
            ]
            if len(hits) == 1:
                return hits
        return nowhere

    @cached_property
    def _all(self) -> list[County]:
        counties: dict[str, County] = {}
        columns = [self.frame[name] for name in ("name", "sigungu_id", "sigungu_name")]
        for township, name, county_id, county_name in zip(self.frame.index, *columns, strict=True):
            if county_id not in counties:
                through_time = self._provinces(county_id, township)
                counties[county_id] = County(county_id, _names(county_name), through_time, {}, {})
            county = counties[county_id]
            county.towns.setdefault(_bare(name), []).append(str(township))
            if _NUMBERED.search(name):
                stem = _NUMBERED.sub("동", name)
                county.divided.setdefault(_bare(stem), []).append(str(township))
        for township, county_id in zip(self.frame.index, self.frame["sigungu_id"], strict=True):
            # Addresses of other dates: 고로면 has been 삼국유사면 since 2021.
            for name in self.book.other_names.get(str(township), ()):
                counties[county_id].towns.setdefault(_bare(name), [str(township)])
        return list(counties.values())

    def _provinces(self, county_id: str, township: str) -> frozenset[str]:
        """Return the codes of the provinces that a county belonged to through time.

        Empty where the codes are not those of the ministry.
        """
        if len(township) != 10 or len(county_id) != 5 or not county_id.isdigit():
            return frozenset()
        dates = ["1900", *(change.changed_on for change in self._moves), "9999"]
        codes = {self.book.at(county_id, date)[:2] for date in dates}
        return frozenset(code for code in codes if province_name(code))

    @cached_property
    def _moves(self) -> list[CodeChange]:
        return [one for one in self.book.changes if len(one.old) <= 5]

    @cached_property
    def _by_name(self) -> dict[str, list[County]]:
        found: dict[str, list[County]] = {}
        for county in self._all:
            for name in county.names:
                found.setdefault(name, []).append(county)
        return found

    @cached_property
    def _known_by_name(self) -> bool:
        return any(county.names for county in self._all)


def _fits(county: County, codes: frozenset[str]) -> bool:
    """Return whether a county may lie in a province; invented codes lie anywhere."""
    return not codes or not county.provinces or bool(county.provinces & codes)


def _names(county: str) -> tuple[str, ...]:
    """Return a county's names from large to small: 천안시, 동남구."""
    if found := _CITY_AND_DISTRICT.fullmatch(county.replace(" ", "")):
        return found[1], found[2]
    # A province before the name is not part of it, unless it is all of it (세종특별자치시).
    words = county.split()
    return tuple(word for word in words if not provinces(word) or len(words) == 1)


def _bare(name: str) -> str:
    """Return a name without the dots of 종로1·2·3·4가동, which publishers write in many ways."""
    return re.sub(r"[.,·ㆍ‧・]", "", name) if not name.isalnum() else name


def _ends(word: str) -> list[int]:
    """Return where a township's name may end inside a word that runs on (북면백호리)."""
    return [found.end() for found in re.finditer(r"[읍면동](?=[가-힣\d])", word)]
