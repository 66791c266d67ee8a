"""Institutions: long-term care lists, hospitals and health posts, our own CSV, OpenStreetMap."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

import geopandas as gpd
import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.coordinates import Columns, coordinates
from ruralcare.inputs.files import Faults, distinct, number, read_table, read_text
from ruralcare.inputs.gazetteer import Gazetteer, Located, build_gazetteer
from ruralcare.inputs.osm_areas import read_osm_care_places
from ruralcare.inputs.townships import read_townships
from ruralcare.language import Bilingual, Message
from ruralcare.scenario import FacilityFile, Scenario
from ruralcare.types import Facilities, Townships

__all__ = ["Institution", "read_facilities"]

# Rooms for people with dementia are parts of a service named beside them, not services.
_PART_OF_SERVICE = re.compile(r"치매전담실|내치매전담")
# The kind of an institution with several services is the first of these that it offers.
_KIND_ORDER = (
    "nursing_home",
    "group_home",
    "day_care",
    "home_visit_care",
    "visit_nursing",
    "visit_bath",
    "short_stay",
    "equipment",
)
_RESIDENTIAL = ("nursing_home", "group_home")
_OSM_SAME_PLACE_M = 200.0


@dataclass(frozen=True)
class Institution:
    """A row of a list, whatever its publisher."""

    facility_id: str
    name: str
    address: str
    labels: tuple[str, ...]
    located: Located
    capacity: float | None = None
    care_workers: float | None = None
    operator_id: str = ""


@cache
def _service_types() -> Mapping[str, str]:
    with resources.files("ruralcare.inputs").joinpath("service_types.csv").open("rb") as stream:
        table = pd.read_csv(stream, dtype=str)
    return dict(zip(table["label"], table["service"], strict=True))


def read_facilities(scenario: Scenario, townships: Townships | None = None) -> Facilities:
    """Read the institutions of every list of a scenario.

    Each is placed by its coordinates, else by its address; one that cannot be placed is listed
    in ``unplaced`` with the reason. A type that is not known is named in ``notes`` and the
    institution is kept without a service.

    Raises
    ------
    InputError
        A list cannot be used; every fault is listed.
    """
    towns = townships if townships is not None else read_townships(scenario)
    gazetteer = build_gazetteer(scenario, towns)
    found: list[Fault] = []
    institutions: list[Institution] = []
    for source in scenario.facilities.sources:
        faults = Faults(source.file.name)
        try:
            institutions.extend(_READERS[source.format](source, scenario, gazetteer, faults))
            faults.raise_if_any()
        except InputError as error:
            found.extend(error.faults)
    ids = Counter(one.facility_id for one in institutions)
    for facility_id, count in sorted(ids.items()):
        if count > 1:
            found.append(
                Fault(
                    Message("The institution occurs {count} times.", count=count),
                    Message("Keep one row per institution code."),
                    file=", ".join(source.file.name for source in scenario.facilities.sources),
                    value=facility_id,
                )
            )
    if found:
        raise InputError(found)
    return _facilities(sorted(institutions, key=lambda one: one.facility_id), scenario, towns)


def _facilities(
    institutions: list[Institution], scenario: Scenario, towns: Townships
) -> Facilities:
    places, unplaced = [], []
    offers: list[tuple[str, str, float | None, str]] = []
    strange: Counter[str] = Counter()
    # Services are data of the scenario: its own types and ids are known as they are written.
    own_types = {
        kind for service in scenario.services for kind in (service.id, *service.offered_by)
    }
    own_types |= set(_service_types().values())
    for one in institutions:
        services = []
        for label in one.labels:
            service = _service_types().get(label) or (label if label in own_types else None)
            if service is not None and service not in services:
                services.append(service)
            elif service is None and not _PART_OF_SERVICE.search(label):
                strange[label] += 1
        if one.located.point is None:
            reason = one.located.reason
            unplaced.append((one.facility_id, one.name, one.address, reason))
            continue
        ranked = [kind for kind in _KIND_ORDER if kind in services] or services or ["unknown"]
        places.append(
            (
                one.facility_id,
                one.name,
                ranked[0],
                one.operator_id or one.facility_id,
                one.located.township_id,
                one.address,
                one.located.precision,
                one.located.point,
            )
        )
        offers.extend(_offers(one, services, scenario))
    columns = [
        "facility_id",
        "name",
        "kind",
        "operator_id",
        "township_id",
        "address",
        "location_precision",
        "geometry",
    ]
    frame = pd.DataFrame(places, columns=columns).set_index("facility_id")
    offer_columns = ["facility_id", "service", "capacity_persons", "capacity_basis"]
    offer_frame = pd.DataFrame(offers, columns=offer_columns)
    offer_frame["capacity_persons"] = offer_frame["capacity_persons"].astype("Float64")
    notes = [
        Message(
            "Institutions with the unknown service type “{label}”, shown without a service: "
            "{count}.",
            count=count,
            label=label,
        )
        for label, count in sorted(strange.items())
        if label
    ]
    if strange[""]:
        notes.append(
            Message(
                "Institutions without a service type in their list, shown without a service: "
                "{count}.",
                count=strange[""],
            )
        )
    seen = {_service_types().get(label, label) for one in institutions for label in one.labels}
    notes += [
        Message(
            "No institution of the lists is of the type {kind}, which would count as {service}.",
            kind=kind,
            service=Bilingual(service.name_ko, service.name_en),
        )
        for service in scenario.services
        for kind in service.offered_by
        if scenario.facilities.sources and kind not in seen
    ]
    return Facilities(
        gpd.GeoDataFrame(frame, geometry="geometry", crs=towns.crs),
        offer_frame,
        pd.DataFrame(unplaced, columns=["facility_id", "name", "address", "reason"]),
        tuple(notes),
    )


def _offers(
    one: Institution, services: list[str], scenario: Scenario
) -> Iterator[tuple[str, str, float | None, str]]:
    """Yield what an institution offers, with the capacity of the list or of the rule.

    The listed capacity belongs to residential care. Listed care workers are those of the lowest
    service that the institution offers, for visiting carers are most of them.
    """
    counted = {kind for service in scenario.services for kind in service.offered_by}
    ids = {service.id for service in scenario.services}
    # A type counts for every service that names it; one that no service names stands for itself,
    # unless it is called like a service that does not want it.
    own = [kind for kind in services if kind not in counted and kind not in ids]
    offered = [one.id for one in scenario.services if set(one.offered_by) & set(services)] + own
    ladder = sorted(scenario.services, key=lambda service: service.level)
    staffed = next((service.id for service in ladder if service.id in offered), None)
    beds = set(_RESIDENTIAL) & set(services)
    residential = {one.id for one in scenario.services if beds & set(one.offered_by)} | beds
    for service in offered:
        rule = scenario.facilities.capacity.get(service)
        if one.capacity is not None and (service in residential or len(offered) == 1):
            yield one.facility_id, service, one.capacity, "published"
        elif rule is None:
            yield one.facility_id, service, None, "unknown"
        elif one.care_workers and rule.persons_per_care_worker and service == staffed:
            persons = float(round(one.care_workers * rule.persons_per_care_worker))
            most = persons if rule.most_persons is None else rule.most_persons
            yield one.facility_id, service, min(persons, most), "care workers"
        else:
            yield one.facility_id, service, rule.default_persons, "default"


def _ltc(
    source: FacilityFile, scenario: Scenario, gazetteer: Gazetteer, faults: Faults
) -> Iterable[Institution]:
    """Read a list of long-term care institutions (장기요양기관)."""
    table = read_table(
        scenario.resolve(source.file), faults, ["기관코드", "기관명", "주소", "유형", "정원"]
    )
    remedy = Message("Keep one row per institution code.")
    for row in distinct(table, "기관코드", faults, remedy):
        capacity = number(row, "정원", faults, least=0)
        carers = number(row, "요양보호사", faults, least=0)
        labels = tuple(part.strip() for part in row["유형"].split("·"))
        yield Institution(
            row["기관코드"],
            row["기관명"],
            row["주소"],
            labels,
            gazetteer.locate(row["주소"]),
            capacity,
            carers,
        )


def _hira(
    source: FacilityFile, scenario: Scenario, gazetteer: Gazetteer, faults: Faults
) -> Iterable[Institution]:
    """Read hospitals, clinics, health posts and pharmacies with coordinates (HIRA, JSON)."""
    try:
        document = json.loads(read_text(scenario.resolve(source.file), faults))
        if not {"hospitals", "pharmacies"} & set(document):
            raise ValueError("hospitals, pharmacies")
        entries = [
            (entry, label)
            for key, fallback in (("hospitals", ""), ("pharmacies", "약국"))
            for entry in document.get(key) or []
            for label in [entry.get("cl_nm") or fallback]
        ]
    except (ValueError, AttributeError, TypeError) as error:
        raise faults.stop(
            Message("The file is not a list of health institutions: {detail}.", detail=str(error)),
            Message("Give a JSON object with the lists hospitals and pharmacies."),
        ) from None
    for place, (entry, label) in enumerate(entries, start=1):
        cells = {
            key: str(entry.get(key) if entry.get(key) is not None else "")
            for key in ("x", "y", "name", "addr")
        }
        where = gazetteer.at(coordinates(place, cells, Columns("x", "y"), scenario, faults))
        key = "|".join((cells["name"], cells["addr"], cells["x"], cells["y"]))
        yield Institution(
            f"H{sha256(key.encode()).hexdigest()[:10]}",
            cells["name"],
            cells["addr"],
            (label,),
            where,
        )


def _plain(
    source: FacilityFile, scenario: Scenario, gazetteer: Gazetteer, faults: Faults
) -> Iterable[Institution]:
    """Read our own CSV: facility_id, name, service; lon and lat or address; capacity_persons."""
    table = read_table(scenario.resolve(source.file), faults, ["facility_id", "name", "service"])
    remedy = Message("Keep one row per institution; join its services with ·.")
    for row in distinct(table, "facility_id", faults, remedy):
        where = gazetteer.of_row(row, scenario, faults)
        labels = tuple(part.strip() for part in row["service"].split("·"))
        capacity = number(row, "capacity_persons", faults, least=0)
        yield Institution(
            row["facility_id"],
            row["name"],
            row["address"],
            labels,
            where,
            capacity,
            operator_id=row["operator_id"],
        )


def _osm(
    source: FacilityFile, scenario: Scenario, gazetteer: Gazetteer, faults: Faults
) -> Iterable[Institution]:
    """Read care and health institutions of an OpenStreetMap extract."""
    frame = read_osm_care_places(scenario.resolve(source.file), scenario, faults)
    frame = frame[frame["tag"].isin(_service_types())]
    kept: list[tuple[str, Any]] = []
    for _, entry in frame.iterrows():
        # A hospital is often mapped as a building and as a point inside it.
        if any(
            tag == entry["tag"] and point.distance(entry["point"]) <= _OSM_SAME_PLACE_M
            for tag, point in kept
        ):
            continue
        kept.append((entry["tag"], entry["point"]))
        where = gazetteer.inside(entry["point"])
        capacity = float(entry["capacity"]) if entry["capacity"].isdigit() else None
        name = entry["name"] or entry["tag"]
        yield Institution(entry["facility_id"], name, "", (entry["tag"],), where, capacity)


_READERS = {"ltc": _ltc, "hira": _hira, "plain": _plain, "osm": _osm}
