"""What one key cannot tell: keys that contradict each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from pyproj import CRS
from pyproj.exceptions import CRSError

from ruralcare.errors import Fault
from ruralcare.language import Message
from ruralcare.scenario.figures import default_figures
from ruralcare.scenario.schema import ScenarioFile

__all__ = ["contradictions"]

_EXAMPLE_TARGET: Final = '{ kinds = ["hospital"], within_min = 30 }'


def _order(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield services that share an id, and periods out of order."""
    seen: dict[str, int] = {}
    for number, service in enumerate(scenario.services, start=1):
        if service.id in seen:
            yield Fault(
                Message("Service {number} has the same id.", number=seen[service.id]),
                Message("Give each service an id of its own."),
                file=file,
                column=f"services[{number}].id",
                value=service.id,
            )
        seen.setdefault(service.id, number)
    years = [period.year for period in scenario.plan.periods]
    for number, (before, year) in enumerate(pairwise(years), start=2):
        if year <= before:
            yield Fault(
                Message(
                    "The year must be after that of the period before, {year}.", year=str(before)
                ),
                Message("Put the periods in the order of their years."),
                file=file,
                column=f"plan.periods[{number}].year",
                value=str(year),
            )


def _known_crs(text: str) -> bool:
    try:
        CRS.from_user_input(text)
    except CRSError:
        return False
    return True


def _unknown_keys(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield keys of free tables that nothing will ever look up."""
    figures = default_figures()
    speeds = figures["roads"]["speeds_kmh"]
    offered = {kind for service in scenario.services for kind in service.offered_by}
    services = {service.id for service in scenario.services} | offered
    services |= set(figures["facilities"]["capacity"])
    by_class: dict[str, Mapping[str, object]] = {"roads.speeds_kmh": scenario.roads.speeds_kmh}
    for name, profile in scenario.roads.profiles.items():
        by_class[f"roads.profiles.{name}.speeds_kmh"] = profile.speeds_kmh
        by_class[f"roads.profiles.{name}.class_factors"] = profile.class_factors
    for table, found, known in (
        *((table, found, set(speeds)) for table, found in by_class.items()),
        ("facilities.capacity", scenario.facilities.capacity, services),
    ):
        for key in found:
            near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.75)
            # A road class that is unlike all known ones may well exist in the data.
            if key in known or (table in by_class and not near):
                continue
            yield Fault(
                Message("There is no such key."),
                Message("Did you mean “{key}”? Otherwise remove it.", key=near[0])
                if near
                else Message("Remove it, or use one of: {keys}.", keys=", ".join(sorted(known))),
                file=file,
                column=f"{table}.{key}",
            )


def _roads(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield a profile of speeds that there is not, and changes to roads that are not read."""
    roads = scenario.roads
    if roads.profile not in roads.profiles:
        yield Fault(
            Message("There is no profile of speeds of this name."),
            Message("Choose one of: {known}.", known=", ".join(roads.profiles)),
            file=file,
            column="roads.profile",
            value=roads.profile,
        )
    if roads.file is None and not roads.download:
        for key, given in (("closed", roads.closed), ("overrides_file", roads.overrides_file)):
            if given:
                yield Fault(
                    Message("A proxy network has no roads with ids."),
                    Message("Remove the key, or give a road file."),
                    file=file,
                    column=f"roads.{key}",
                )


def _assessed(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield names in need.assess that are no rule, or are there for nothing."""
    others = [name for name in scenario.need.rules if name != "own"]
    for number, name in enumerate(scenario.need.assess, start=1):
        problem, remedy = None, Message("Remove it from the list.")
        if name == "own":
            problem = Message("The rule “own” is always assessed.")
        elif name in scenario.need.assess[: number - 1]:
            problem = Message("The rule is named twice.")
        elif name not in others:
            problem = Message("There is no rule of this name.")
            near = difflib.get_close_matches(name, others, n=1, cutoff=0.6)
            remedy = (
                Message("Did you mean “{key}”? Otherwise remove it.", key=near[0])
                if near
                else Message("Choose one of: {known}.", known=", ".join(others))
            )
        if problem is not None:
            yield Fault(problem, remedy, file=file, column=f"need.assess[{number}]", value=name)


def _rules(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield what does not hold together in the rules for underserved townships."""
    profiles = scenario.roads.profiles
    for name, rule in scenario.need.rules.items():
        key = f"need.rules.{name}"
        if rule.profile is not None and rule.profile not in profiles:
            yield Fault(
                Message("There is no profile of speeds of this name."),
                Message("Choose one of: {known}.", known=", ".join(profiles)),
                file=file,
                column=f"{key}.profile",
                value=rule.profile,
            )
        if rule.share == 0:
            # Nobody beyond is at least a share of 0: such a rule condemns all.
            yield Fault(
                Message("With a share of 0, every township is underserved."),
                Message("Give the share of people from which a township counts as underserved."),
                file=file,
                column=f"{key}.share",
                value="0",
            )
        if name == "own" and rule.targets:
            yield Fault(
                Message("The rule “own” is about the services of the scenario."),
                Message("Write targets into a rule of another name, and name it in need.assess."),
                file=file,
                column=f"{key}.targets",
            )
        if name != "own" and rule.unmet_share is not None:
            yield Fault(
                Message("Room is counted for the services of the scenario only."),
                Message("Remove the key; it belongs to the rule “own”."),
                file=file,
                column=f"{key}.unmet_share",
                value=f"{rule.unmet_share:g}",
            )
        if name != "own" and not rule.targets:
            yield Fault(
                Message("The rule names nothing that people must reach."),
                Message("Add targets = [ {example} ].", example=_EXAMPLE_TARGET),
                file=file,
                column=f"{key}.targets",
            )
    yield from _kinds(scenario, file)


def _kinds(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield kinds of institutions in the rules that are misspelt."""
    default: dict[str, dict[str, Any]] = default_figures()["need"]["rules"]
    known = {kind for service in scenario.services for kind in service.offered_by}
    for rule in default.values():
        known.update(kind for target in rule.get("targets", ()) for kind in target["kinds"])
    for name, own in scenario.need.rules.items():
        for number, target in enumerate(own.targets, start=1):
            for kind in target.kinds:
                near = difflib.get_close_matches(kind, sorted(known), n=1, cutoff=0.85)
                # A kind that is unlike all known ones may be a type of the scenario's own.
                if kind in known or not near:
                    continue
                yield Fault(
                    Message("There is no such kind of institution."),
                    Message("Did you mean “{key}”? Otherwise remove it.", key=near[0]),
                    file=file,
                    column=f"need.rules.{name}.targets[{number}].kinds",
                    value=kind,
                )


def contradictions(scenario: ScenarioFile, file: str) -> Iterable[Fault]:
    """Yield what the schema cannot say: references between tables, and the CRS."""
    try:
        crs = CRS.from_user_input(scenario.crs)
        projected = crs.is_projected and crs.axis_info[0].unit_name == "metre"
    except CRSError:
        projected = False
    if not projected:
        yield Fault(
            Message("This is not a projected CRS in metres."),
            Message('Use "EPSG:5179" in Korea, or the UTM zone of the area, such as "EPSG:32632".'),
            file=file,
            column="crs",
            value=scenario.crs,
        )
    if scenario.townships.crs is not None and not _known_crs(scenario.townships.crs):
        yield Fault(
            Message("There is no CRS of this name."),
            Message('Write it as "EPSG:" and the number, such as "EPSG:5179".'),
            file=file,
            column="townships.crs",
            value=scenario.townships.crs,
        )
    for number, service in enumerate(scenario.services, start=1):
        if service.standard_min > scenario.travel.cutoff_min:
            yield Fault(
                Message("The standard lies beyond the longest travel time that is measured."),
                Message("Raise travel.cutoff_min above every standard."),
                file=file,
                column=f"services[{number}].standard_min",
                value=f"{service.standard_min:g}",
            )
    yield from _roads(scenario, file)
    yield from _unknown_keys(scenario, file)
    yield from _assessed(scenario, file)
    yield from _rules(scenario, file)
    yield from _order(scenario, file)
    services = {service.id for service in scenario.services}

    def unknown(key: str, value: str) -> Fault:
        return Fault(
            Message("No service of the scenario has this id."),
            Message("Choose one of: {known}.", known=", ".join(sorted(services))),
            file=file,
            column=key,
            value=value,
        )

    for number, period in enumerate(scenario.plan.periods, start=1):
        for rule in ("max_new", "min_new"):
            for service in getattr(period, rule):
                if service not in services:
                    yield unknown(f"plan.periods[{number}].{rule}", service)
    years = [period.year for period in scenario.plan.periods]
    for rule in ("forced", "forbidden"):
        for number, opening in enumerate(getattr(scenario.plan, rule), start=1):
            key = f"plan.{rule}[{number}]"
            if opening.service not in services:
                yield unknown(f"{key}.service", opening.service)
            if opening.year is not None and opening.year not in years:
                yield Fault(
                    Message("This year is not one of the periods."),
                    Message("Choose one of: {known}.", known=", ".join(map(str, years))),
                    file=file,
                    column=f"{key}.year",
                    value=str(opening.year),
                )
