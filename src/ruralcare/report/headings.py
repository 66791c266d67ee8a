"""What stands round a page: dates and version, warnings, sources."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from ruralcare.language import Message
from ruralcare.report.subject import Subject

__all__ = ["attributions", "badges", "program_version", "subtitle"]


def program_version() -> str:
    """Return the version of this program."""
    try:
        return version("ruralcare")
    except PackageNotFoundError:
        return "dev"


def subtitle(subject: Subject) -> list[Message]:
    """Return the dates of the data, the years of the plan and the version of the program."""
    parts = [Message("Boundaries {date}", date=subject.townships.as_of)]
    if subject.people is not None:
        date = subject.people.as_of.get(subject.people.year, str(subject.people.year))
        template = "Population {date} (assumed)" if subject.people.assumed else "Population {date}"
        parts.append(Message(template, date=date))
    if subject.plan is not None and len(subject.years) > 1:
        first, last = subject.years[1], subject.years[-1]
        span = str(first) if first == last else f"{first}–{last}"
        parts.append(Message("Plan {years}", years=span))
    parts.append(Message("Computed with ruralcare {version}", version=program_version()))
    return parts


def badges(subject: Subject) -> list[dict[str, str]]:
    """Return the warnings that stand on the map itself."""
    found = []
    if subject.demo:
        found.append(("demo", Message("Invented data (demonstration)")))
    if subject.proxy:
        found.append(("proxy", _proxy_badge(subject)))
    if subject.people is not None and subject.people.assumed:
        found.append(("assumed", Message("Population is an assumption")))
    missing = _unlisted(subject)
    if missing:
        found.append(
            (
                "assumed",
                Message("No institution in the data: {services}", services=", ".join(missing)),
            )
        )
    return [{"kind": kind, "text": text.render(subject.language)} for kind, text in found]


def _unlisted(subject: Subject) -> list[str]:
    """Return the services that no institution of the data offers: a list may be missing."""
    if not subject.access:
        return []
    offered = set(subject.access[0].offers["service"])
    return [one.name(subject.language) for one in subject.services if one.id not in offered]


def _proxy_badge(subject: Subject) -> Message:
    """Return what is said of roads that are stand-ins, all of them or some."""
    if subject.roads is None or subject.roads.edges["proxy"].all():
        return Message("No road data: estimated on a proxy network")
    edges = subject.roads.edges
    share = float(edges.loc[edges["proxy"], "length_m"].sum() / edges["length_m"].sum())
    return Message(
        "Road data with holes: {share} % of the network is estimated", share=round(100 * share, 1)
    )


def attributions(subject: Subject) -> list[tuple[Message, str]]:
    """Return the sources the scenario names, with what they are for."""
    scenario = subject.scenario
    if scenario is None:
        return []
    named = (
        (Message("Boundaries"), scenario.townships.attribution),
        (Message("Population"), scenario.population.attribution),
        (Message("Villages and homes"), scenario.points.attribution),
        (Message("Institutions"), scenario.facilities.attribution),
        (Message("Co-operatives"), scenario.cooperatives.attribution),
        (Message("Roads"), scenario.roads.attribution),
    )
    return [(what, text) for what, text in named if text]
