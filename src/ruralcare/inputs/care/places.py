"""Everything that can offer a service, with co-operatives tied to what they run already."""

from __future__ import annotations

from dataclasses import replace

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.areas.townships import read_townships
from ruralcare.inputs.care.cooperatives import read_cooperatives
from ruralcare.inputs.care.facilities import read_facilities
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import Cooperatives, Facilities, Places, Reading, Townships

__all__ = ["read_places"]


def read_places(
    scenario: Scenario, townships: Townships | None = None, settings: Settings | None = None
) -> Places:
    """Read institutions and candidate sites.

    An institution whose name begins with that of a co-operative (``계곡농협재가노인복지센터``)
    in the same county is run by it.

    Parameters
    ----------
    townships : Townships, optional
        Read from the scenario if not given.
    settings : Settings, optional
        Where the answers of a geocoder are kept.

    Raises
    ------
    InputError
        A file cannot be used; the faults of all files are listed.
    DownloadError
        The geocoder does not answer, or refuses the key.
    """
    towns = townships if townships is not None else read_townships(scenario)
    faults: list[Fault] = []
    readings: list[Reading] = []
    facilities = cooperatives = None
    try:
        facilities = read_facilities(scenario, towns, settings)
        readings.extend(facilities.readings)
    except InputError as error:
        faults.extend(error.faults)
        readings.extend(error.readings)
    try:
        cooperatives = read_cooperatives(scenario, towns, settings)
        readings.extend(cooperatives.readings)
    except InputError as error:
        # What both need, such as the key of a geocoder, is told once.
        faults.extend(fault for fault in error.faults if fault not in faults)
    if facilities is None or cooperatives is None:
        raise InputError(faults, readings)
    notes = (*facilities.notes, *_without_care(facilities, towns, scenario))
    return Places(_run_by(replace(facilities, notes=notes), cooperatives, towns), cooperatives)


def _without_care(
    facilities: Facilities, towns: Townships, scenario: Scenario
) -> tuple[Message, ...]:
    """Name the counties in which no institution offers any service of the scenario.

    More often than a county without care this is a list of another county.
    """
    if not scenario.facilities.sources:
        return (
            Message("No list of institutions is given: all services count as if there were none."),
        )
    services = {service.id for service in scenario.services}
    caring = facilities.offers[facilities.offers["service"].isin(services)]["facility_id"]
    places = facilities.frame.loc[facilities.frame.index.isin(caring), "township_id"]
    counties = towns.frame["sigungu_id"]
    empty = sorted(set(counties) - set(places.map(counties).dropna()))
    if not empty:
        return ()
    names = towns.frame.drop_duplicates("sigungu_id").set_index("sigungu_id")["sigungu_name"]
    return (
        Message(
            "The lists have no institution with a service of the plan in {counties}: look whether "
            "the right lists are given. Everything there counts as unserved.",
            counties=", ".join(str(names[code]) or code for code in empty),
        ),
    )


def _run_by(facilities: Facilities, cooperatives: Cooperatives, towns: Townships) -> Facilities:
    county = towns.frame["sigungu_id"]
    frame = facilities.frame.copy()
    # An operator that the list itself names is believed.
    open_ended = frame["operator_id"] == frame.index
    mains = cooperatives.frame[cooperatives.frame["name"].str.fullmatch(r"\S+농협")]
    for _, main in mains.iterrows():
        here = frame["township_id"].map(county) == county.get(main["township_id"])
        named = frame["name"].str.startswith(main["name"])
        frame.loc[open_ended & named & here, "operator_id"] = main["operator_id"]
    return replace(facilities, frame=frame)
