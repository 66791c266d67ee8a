"""Institutions: what the lists of a scenario have, placed, each once, with what it offers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import geopandas as gpd
import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.areas.townships import read_townships
from ruralcare.inputs.care.facility_formats import FORMATS, recognised
from ruralcare.inputs.care.facility_lists import FacilityList
from ruralcare.inputs.care.gazetteer import build_gazetteer
from ruralcare.inputs.care.geocoders import with_geocoder
from ruralcare.inputs.care.institutions import RESIDENTIAL, Institution, InstitutionList, once
from ruralcare.inputs.care.service_types import ServiceTypes, read_service_types
from ruralcare.inputs.care.siting import Siting, date_in, precision_notes
from ruralcare.inputs.files import Faults
from ruralcare.inputs.reach import REACH_KM
from ruralcare.language import Bilingual, Message
from ruralcare.scenario import FacilityFile, Scenario
from ruralcare.settings import Settings
from ruralcare.types import Facilities, Reading, Townships

__all__ = ["read_facilities"]

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
_WITH_COORDINATES = ("HIRA", "OpenStreetMap")


def read_facilities(
    scenario: Scenario, townships: Townships | None = None, settings: Settings | None = None
) -> Facilities:
    """Read the institutions of every list of a scenario.

    Each is placed by its coordinates, else by its address. Institutions outside the planned
    counties are kept, with an empty ``township_id``, as far as they are within reach; what lies
    farther away is counted. One of the planned counties that cannot be placed is listed in
    ``unplaced`` with the reason. An institution that two lists have is kept once. A type that is
    not known is named in ``notes`` and the institution is kept without a service.

    Parameters
    ----------
    townships : Townships, optional
        Read from the scenario if not given.
    settings : Settings, optional
        Where the answers of a geocoder are kept.

    Raises
    ------
    InputError
        A list cannot be used; every fault is listed.
    DownloadError
        The geocoder does not answer, or refuses the key.
    """
    towns = townships if townships is not None else read_townships(scenario)
    types = read_service_types(scenario)
    locator = with_geocoder(build_gazetteer(scenario, towns), scenario, settings)
    found: list[Fault] = []
    lists: list[InstitutionList] = []
    for source in scenario.facilities.sources:
        faults = Faults(scenario.label(source.file))
        file = FacilityList(scenario.resolve(source.file), Siting(locator, scenario, faults), types)
        try:
            lists.append(_read(source, file))
            faults.raise_if_any()
        except InputError as error:
            found.extend(error.faults)
    kept = once(lists, types)
    ids = Counter(one.facility_id for _, one in kept)
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
        raise InputError(found, _readings(lists, kept))
    ordered = sorted((one for _, one in kept), key=lambda one: one.facility_id)
    return _facilities(ordered, scenario, towns, types, _readings(lists, kept))


def _readings(
    lists: list[InstitutionList], kept: list[tuple[int, Institution]]
) -> tuple[Reading, ...]:
    used = Counter(number for number, one in kept if one.located.point is not None)
    return tuple(
        one.faults.reading(
            Message("Facilities"),
            one.form,
            rows=one.rows,
            used=used[number],
            crs="EPSG:4326" if one.form in _WITH_COORDINATES else None,
            as_of=date_in(one.file.name),
        )
        for number, one in enumerate(lists)
        if not one.faults.found
    )


def _read(source: FacilityFile, file: FacilityList) -> InstitutionList:
    name = recognised(file) if source.format == "auto" else source.format
    form = FORMATS[name]
    institutions = list(form.read(file))
    file.siting.tell_elsewhere(sum(one.located.ring == "near" for one in institutions))
    return InstitutionList(source.file, form.label, file.rows, file.faults, institutions)


def _facilities(
    institutions: list[Institution],
    scenario: Scenario,
    towns: Townships,
    types: ServiceTypes,
    readings: tuple[Reading, ...],
) -> Facilities:
    places, unplaced = [], []
    offers: list[tuple[str, str, float | None, str]] = []
    strange: Counter[str] = Counter()
    for one in institutions:
        services: list[str] = []
        figures: dict[str, tuple[float | None, float | None]] = {}
        for label in one.labels:
            service = types.service(label)
            if service is None:
                strange[label] += not types.is_part(label)
                continue
            if service not in services:
                services.append(service)
            if label in one.by_label:
                pairs = zip(figures.get(service, (None, None)), one.by_label[label], strict=True)
                beds, carers = (_total(pair) for pair in pairs)
                figures[service] = beds, carers
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
        offers.extend(_offers(one, services, figures, scenario))
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
    return Facilities(
        gpd.GeoDataFrame(frame, geometry="geometry", crs=towns.crs),
        offer_frame,
        pd.DataFrame(unplaced, columns=["facility_id", "name", "address", "reason"]),
        (
            *_type_notes(institutions, scenario, types, strange),
            *_reach_notes(frame["township_id"]),
            *precision_notes(frame["location_precision"], Message("Institutions")),
        ),
        readings,
    )


def _reach_notes(townships: pd.Series) -> list[Message]:
    near = int((townships == "").sum())
    if not near:
        return []
    return [
        Message(
            "Institutions outside the planned counties, up to {km} km away, that count as within "
            "reach: {count}. The people there, who use them too, are not counted.",
            km=round(REACH_KM),
            count=near,
        )
    ]


def _type_notes(
    institutions: list[Institution], scenario: Scenario, types: ServiceTypes, strange: Counter[str]
) -> list[Message]:
    notes = [
        Message(
            "Institutions with the unknown service type “{label}”, shown without a service: "
            "{count}.",
            count=count,
            label=label,
        )
        for label, count in sorted(strange.items())
        if label and count
    ]
    if strange[""]:
        notes.append(
            Message(
                "Institutions without a service type in their list, shown without a service: "
                "{count}.",
                count=strange[""],
            )
        )
    labels = {label for one in institutions for label in one.labels}
    seen = {types.service(label) or label for label in labels}
    notes += [
        Message(
            "No institution of the lists is of the type {kind}, which would count as {service}.",
            kind=Bilingual(types.korean(kind), kind),
            service=Bilingual(service.name_ko, service.name_en),
        )
        for service in scenario.services
        for kind in service.offered_by
        if scenario.facilities.sources and kind not in seen
    ]
    return notes


def _offers(
    one: Institution,
    services: list[str],
    figures: dict[str, tuple[float | None, float | None]],
    scenario: Scenario,
) -> Iterator[tuple[str, str, float | None, str]]:
    """Yield what an institution offers, with its capacity and the rule that gave it.

    ``published``: the list says it, of the type or of the whole institution; the capacity of the
    whole belongs to residential care, or to the only service. ``care workers``: the rule of the
    scenario, from carers listed for the type; carers listed for the whole are those of the lowest
    service that the institution offers, for visiting carers are most of them. ``default``: the
    figure of the scenario. ``unknown``: no rule gives one, as for home nursing.
    """
    counted = {kind for service in scenario.services for kind in service.offered_by}
    ids = {service.id for service in scenario.services}
    # A type counts for every service that names it; one that no service names stands for itself,
    # unless it is called like a service that does not want it.
    own = [kind for kind in services if kind not in counted and kind not in ids]
    kinds = {each.id: set(each.offered_by) & set(services) for each in scenario.services}
    kinds |= {kind: {kind} for kind in own}
    offered = [each.id for each in scenario.services if kinds[each.id]] + own
    ladder = sorted(scenario.services, key=lambda service: service.level)
    staffed = next((service.id for service in ladder if service.id in offered), None)
    for service in offered:
        rule = scenario.facilities.capacity.get(service)
        told = [figures[kind] for kind in sorted(kinds[service]) if kind in figures]
        beds, carers = (
            (_total(column) for column in zip(*told, strict=True)) if told else (None,) * 2
        )
        if beds is None and (kinds[service] & set(RESIDENTIAL) or len(offered) == 1):
            beds = one.capacity
        if carers is None and service == staffed:
            carers = one.care_workers
        if beds is not None:
            yield one.facility_id, service, beds, "published"
        elif rule is None:
            yield one.facility_id, service, None, "unknown"
        elif carers and rule.persons_per_care_worker:
            persons = float(round(carers * rule.persons_per_care_worker))
            most = persons if rule.most_persons is None else rule.most_persons
            yield one.facility_id, service, min(persons, most), "care workers"
        else:
            yield one.facility_id, service, rule.default_persons, "default"


def _total(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None
