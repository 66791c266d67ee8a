"""Places for addresses, without any service on the network.

The finest place that the scenario's own files know: a village whose name the address carries, or
else the seat of the township. Every place is given with its precision.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import shapely
from pyproj import Transformer

from ruralcare.inputs.coordinates import Columns, coordinates
from ruralcare.inputs.files import Faults, Row
from ruralcare.inputs.villages import read_villages, settled
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Precision, Townships

__all__ = ["Gazetteer", "Located", "build_gazetteer", "clean_address"]

_VILLAGE: Final = re.compile(r"([가-힣]+(?:\d+)?리)(?![가-힣])")
# A street called 백호길 or 백호2길 is a lane of the village 백호리; a 로 is a longer road.
_LANE: Final = re.compile(r"([가-힣]+?)\d*(?:번)?길(?:\s|$)")


@dataclass(frozen=True)
class Located:
    """A place for an address, or why there is none."""

    point: shapely.Point | None
    township_id: str = ""
    precision: Precision | None = None
    reason: Message | None = None


def clean_address(text: str) -> str:
    """Return an address in a standard form: half-width letters, single spaces, no notes.

    Examples
    --------
    >>> clean_address("전라남도 해남군 계곡면 해남로  １４５２ (계곡면)")
    '전라남도 해남군 계곡면 해남로 1452'
    """
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\([^()]*\)", " ", text)
    return " ".join(text.split())


@dataclass(frozen=True)
class Gazetteer:
    """Finds places by address.

    Parameters
    ----------
    townships : Townships
        Where to look.
    villages : mapping
        (township id, stem of the village name without 리) to point.
    """

    townships: Townships
    villages: Mapping[tuple[str, str], shapely.Point]

    def locate(self, address: str) -> Located:
        """Return the finest known place of an address.

        The village named in the address, in full or in brackets; else the village after which
        its lane is named; else the seat of its township.
        """
        township = self._township(address)
        if isinstance(township, Located):
            return township
        full = unicodedata.normalize("NFKC", address)
        named = [match[1].removesuffix("리") for match in _VILLAGE.finditer(full)]
        if len(full.split()) <= 2:
            # Some old addresses have no spaces at all.
            named += [stem for town, stem in self.villages if f"{stem}리" in full]
        for stem in named:
            point = self.villages.get((township, stem))
            if point is not None:
                return Located(point, township, "village")
        lane = _LANE.search(clean_address(address))
        if lane is not None:
            point = self.villages.get((township, lane[1]))
            if point is not None:
                return Located(point, township, "village")
        return Located(self.townships.frame.loc[township, "seat"], township, "township")

    def at(self, place: tuple[float, float] | None) -> Located:
        """Return a place by longitude and latitude; ``None`` stands for faulty coordinates."""
        if place is None:
            return Located(None, reason=Message("The coordinates cannot be used."))
        project = Transformer.from_crs("EPSG:4326", self.townships.crs, always_xy=True)
        return self.inside(shapely.Point(project.transform(*place)))

    def of_row(self, row: Row, scenario: Scenario, faults: Faults) -> Located:
        """Return the place of a row of our own tables: ``lon`` and ``lat``, else ``address``."""
        if row["lon"] or row["lat"]:
            columns = Columns("lon", "lat")
            return self.at(coordinates(row.number, row.cells, columns, scenario, faults))
        return self.locate(row["address"])

    def inside(self, point: shapely.Point) -> Located:
        """Return a point with the township it lies in; an empty id outside all of them."""
        frame = self.townships.frame
        hits = frame.sindex.query(point, predicate="intersects")
        return Located(point, str(frame.index[min(hits)]) if len(hits) else "", "point")

    def _township(self, address: str) -> str | Located:
        frame = self.townships.frame
        text = clean_address(address)
        words = text.split()
        known = sorted({county for county in frame["sigungu_name"] if county}, key=len)
        counties = [county for county in known if county.split()[-1] in words]
        if not counties and len(words) <= 2:
            # Some old addresses have no spaces at all.
            counties = [county for county in known if county in text]
        if known and not counties and _names_county(words):
            return Located(None, reason=Message("The address is outside the planned counties."))
        pool = frame[frame["sigungu_name"].isin(counties)] if counties else frame
        hits = set(pool.index[pool["name"].isin(words)])
        if not hits:
            noted = re.findall(r"[(,]\s*([^(),\s]+[읍면동])\s*[),]", address)
            hits = set(pool.index[pool["name"].isin(noted)])
        if not hits and counties and len(words) <= 2:
            hits = {code for code, name in pool["name"].items() if name in text}
        if len(hits) > 1:
            return Located(
                None, reason=Message("More than one township has the name in the address.")
            )
        if not hits:
            return Located(None, reason=Message("The address names no township of the boundaries."))
        return str(hits.pop())


def _names_county(words: list[str]) -> bool:
    return any(re.fullmatch(r"[가-힣]{1,4}[시군구]", word) for word in words[:3])


def build_gazetteer(scenario: Scenario, townships: Townships) -> Gazetteer:
    """Return the gazetteer that the scenario's villages and townships make.

    Raises
    ------
    InputError
        The village file cannot be used.
    """
    villages: dict[tuple[str, str], shapely.Point] = {}
    if scenario.points.kind == "villages":
        frame, _ = settled(read_villages(scenario), townships.frame.geometry)
        for code, name, point in zip(
            frame["township_id"], frame["name"], frame.geometry, strict=True
        ):
            villages.setdefault((code, name.removesuffix("리")), point)
    return Gazetteer(townships, villages)
