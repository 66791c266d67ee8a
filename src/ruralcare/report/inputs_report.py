"""The report of ``ruralcare check``: what was read, what was mended, every fault.

One record, shown as text on a console, as JSON for scripts and as a page for colleagues.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ruralcare.errors import Fault, is_shortened
from ruralcare.language import Language, Message, harmless, translate
from ruralcare.report import assets
from ruralcare.report.headings import program_version
from ruralcare.scenario import Scenario
from ruralcare.types import (
    PRECISIONS,
    Cooperatives,
    DemandPoints,
    Facilities,
    Places,
    Population,
    Reading,
    RoadNetwork,
    Townships,
)
from ruralcare.units import kilometres

__all__ = ["InputsReport", "Unplaced"]

_POINTS_SHOWN: Final = {
    "villages": Message("villages"),
    "grid": Message("cells of a population grid"),
    "buildings": Message("buildings or parcels"),
    "residential roads": Message("points along residential streets"),
    "centroid": Message("one point per township"),
}
_NOTEBOOK_HEIGHT_PX: Final = 560
_UNPLACED_SHOWN: Final = 10
_HOW_TO_PLACE: Final = Message(
    "To place them, give coordinates (lon, lat), a village list, or a geocoder with a key of your "
    "own ([geocoder] in the scenario)."
)
_environment = Environment(
    loader=PackageLoader("ruralcare.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _breakable(name: str) -> Markup:
    """Return a file name as HTML that may be broken where its parts meet."""
    text = str(escape(name))
    return Markup(text.replace("_", "_<wbr>").replace(".", "<wbr>.").replace("/", "/<wbr>"))


_environment.filters["breakable"] = _breakable


@dataclass(frozen=True)
class Unplaced:
    """An institution or branch for which no place was found."""

    subject: Message
    place_id: str
    name: str
    address: str
    reason: Message


@dataclass(frozen=True, eq=False)
class InputsReport:
    """What is known of the inputs of a scenario after reading them.

    Parameters
    ----------
    file : str
        Name of the scenario file.
    scenario : Scenario, optional
        None where the scenario itself cannot be read.
    townships, people, places, roads : optional
        The tables that could be read.
    faults : sequence of Fault
        Everything that must be corrected before a run.
    besides : sequence of Reading
        What was read from files whose table could not be made for the faults of others.
    """

    file: str
    scenario: Scenario | None = None
    townships: Townships | None = None
    people: Population | None = None
    places: Places | None = None
    roads: RoadNetwork | None = None
    faults: Sequence[Fault] = ()
    besides: Sequence[Reading] = ()

    @cached_property
    def _tables(
        self,
    ) -> list[Townships | Population | DemandPoints | Facilities | Cooperatives | RoadNetwork]:
        people = () if self.people is None else (self.people, self.people.points)
        places = () if self.places is None else (self.places.facilities, self.places.cooperatives)
        return [part for part in (self.townships, *people, *places, self.roads) if part is not None]

    @property
    def ok(self) -> bool:
        """Whether the scenario can be run."""
        return not self.faults

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What was read, file by file."""
        found: dict[Reading, None] = {}
        for table in self._tables:
            found.update(dict.fromkeys(table.readings))
        found.update(dict.fromkeys(self.besides))
        return tuple(found)

    @cached_property
    def remarks(self) -> tuple[Fault, ...]:
        """What was repaired, left out or is doubtful."""
        return tuple(dict.fromkeys(one for reading in self.readings for one in reading.remarks))

    @cached_property
    def doubtful(self) -> tuple[Fault, ...]:
        """The remarks that somebody should look at."""
        return tuple(one for one in self.remarks if not _is_settled(one))

    @cached_property
    def settled(self) -> tuple[Fault, ...]:
        """The remarks that ask for nothing."""
        return tuple(one for one in self.remarks if _is_settled(one))

    @cached_property
    def notes(self) -> tuple[Message, ...]:
        """What a reader of the results will be told."""
        return tuple(dict.fromkeys(note for table in self._tables for note in table.notes))

    @cached_property
    def unread(self) -> tuple[tuple[str, bool], ...]:
        """Files of the scenario that were not read, each with whether a fault names it."""
        if self.scenario is None:
            return ()
        read = {reading.file for reading in self.readings}
        blamed = {name for fault in self.faults for name in (fault.file or "").split(", ")}
        names = dict.fromkeys(map(self.scenario.label, self.scenario.files))
        # A file that a table was read from without a record of its own is no news.
        whole = None not in (self.townships, self.people, self.places, self.roads)
        return tuple((name, name in blamed) for name in names if name not in read and not whole)

    @cached_property
    def unplaced(self) -> tuple[Unplaced, ...]:
        """Institutions and branches without a place."""
        return tuple(self._unplaced())

    def _unplaced(self) -> Iterator[Unplaced]:
        if self.places is None:
            return
        for subject, table, key in (
            (Message("Institution"), self.places.facilities.unplaced, "facility_id"),
            (Message("Branch"), self.places.cooperatives.unplaced, "coop_id"),
        ):
            columns = (table[name] for name in (key, "name", "address", "reason"))
            for place_id, name, address, reason in zip(*columns, strict=True):
                yield Unplaced(subject, place_id, name, address, reason)

    @cached_property
    def totals(self) -> dict[str, Any]:
        """Numbers of what was joined; keys are missing for tables that could not be read."""
        found: dict[str, Any] = {}
        if self.townships is not None:
            found["townships"] = len(self.townships)
        if self.people is not None:
            found["persons"] = int(self.people.totals().sum())
            found["population_as_of"] = [
                self.people.as_of[year] for year in sorted(self.people.as_of)
            ]
            found["demand_points"] = len(self.people.points.frame)
            found["demand_points_are"] = self.people.points.basis
        if self.places is not None:
            for key, frame, left in (
                (
                    "institutions",
                    self.places.facilities.frame,
                    self.places.facilities.unplaced,
                ),
                ("branches", self.places.cooperatives.frame, self.places.cooperatives.unplaced),
            ):
                counts = frame["location_precision"].value_counts()
                found[key] = len(frame)
                found[f"{key}_by_precision"] = {one: int(counts.get(one, 0)) for one in PRECISIONS}
                found[f"{key}_not_placed"] = len(left)
        if self.roads is not None:
            found["roads_km"] = round(kilometres(float(self.roads.edges["length_m"].sum())), 1)
            found["roads_proxy"] = self.roads.is_proxy
        return found

    @cached_property
    def joined(self) -> tuple[tuple[Message, Message], ...]:
        """The totals in words: what, and how much."""
        return tuple(self._joined())

    def _joined(self) -> Iterator[tuple[Message, Message]]:
        totals = self.totals
        if "townships" in totals:
            yield Message("Townships"), Message("{count}", count=totals["townships"])
        if "persons" in totals:
            yield (
                Message("People"),
                Message(
                    "{count} ({date})",
                    count=totals["persons"],
                    date=totals["population_as_of"][-1],
                ),
            )
            yield (
                Message("Demand points"),
                Message(
                    "{count} ({kind})",
                    count=totals["demand_points"],
                    kind=_POINTS_SHOWN[totals["demand_points_are"]],
                ),
            )
        for key, subject in (
            ("institutions", Message("Institutions")),
            ("branches", Message("Candidate branches")),
        ):
            if key in totals:
                yield subject, _placed(totals, key)
        if "roads_km" in totals:
            template = "{km} km (proxy network)" if totals["roads_proxy"] else "{km} km"
            yield Message("Roads"), Message(template, km=totals["roads_km"])

    @property
    def verdict(self) -> Message:
        """The finding in one sentence."""
        if self.faults:
            return Message("Faults to correct before a run: {count}", count=_count(self.faults))
        if self.doubtful or self.unplaced:
            return Message(
                "No faults found; look at what is doubtful or not placed: {count}",
                count=_count(self.doubtful) + len(self.unplaced),
            )
        return Message("No faults found.")

    def render(self, language: Language = "en") -> str:
        """Return the report as text for a console."""
        lines = [self._heading(language)]

        def section(title: Message, rows: list[str]) -> None:
            if rows:
                lines.extend(["", title.render(language), *(f"  {row}" for row in rows)])

        section(
            Message("What was read"),
            [
                *(_reading_line(one, language) for one in self.readings),
                *(f"{name}: {_unread(bad).render(language)}" for name, bad in self.unread),
            ],
        )
        section(
            Message("What was joined"),
            [f"{what.render(language)}: {how.render(language)}" for what, how in self.joined],
        )
        section(Message("Doubtful"), [remark.render(language) for remark in self.doubtful])
        section(Message("Mended or left out"), [remark.render(language) for remark in self.settled])
        section(
            Message("Not placed"),
            [
                harmless(
                    f"{one.name} ({one.address or one.place_id}): {one.reason.render(language)}"
                )
                for one in self.unplaced[:_UNPLACED_SHOWN]
            ]
            + self._more_unplaced(language),
        )
        section(Message("Good to know"), [note.render(language) for note in self.notes])
        section(Message("Faults"), [fault.render(language) for fault in self.faults])
        return "\n".join([*lines, "", self.verdict.render(language)])

    def _more_unplaced(self, language: Language) -> list[str]:
        lines = []
        left = len(self.unplaced) - _UNPLACED_SHOWN
        if left > 0:
            lines.append(
                Message("{count} more; --html and --json list all.", count=left).render(language)
            )
        if self.unplaced:
            lines.append(_HOW_TO_PLACE.render(language))
        return lines

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """Return the report as plain values, for JSON; texts are in one language."""
        return {
            "scenario": self.file,
            "ok": self.ok,
            "language": language,
            "verdict": self.verdict.render(language),
            "files": [
                *(
                    {
                        "file": one.file,
                        "status": "read",
                        "subject": one.subject.render(language),
                        "format": _form(one, language),
                        "rows": one.rows,
                        "used": one.used,
                        "encoding": one.encoding,
                        "crs": one.crs,
                        "as_of": one.as_of,
                    }
                    for one in self.readings
                ),
                *(
                    {"file": name, "status": "faulty" if bad else "not checked"}
                    for name, bad in self.unread
                ),
            ],
            "totals": self.totals,
            "faults": [_fault_values(fault, language) for fault in self.faults],
            "doubtful": [_fault_values(remark, language) for remark in self.doubtful],
            "settled": [_fault_values(remark, language) for remark in self.settled],
            "not_placed": [
                {
                    "subject": one.subject.render(language),
                    "id": one.place_id,
                    "name": harmless(one.name),
                    "address": harmless(one.address),
                    "reason": one.reason.render(language),
                }
                for one in self.unplaced
            ],
            "notes": [note.render(language) for note in self.notes],
        }

    def to_html(self, language: Language = "en") -> str:
        """Return the report as one page that loads nothing and runs no script."""
        html = _environment.get_template("inputs.html.j2").render(
            _=lambda template: translate(template, language),
            style=Markup(assets.report_css()),
            heading=self._heading(language),
            version=program_version(),
            how_to_place=_HOW_TO_PLACE.render(language),
            joined=[(what.render(language), how.render(language)) for what, how in self.joined],
            **self.to_dict(language),
        )
        return assets.with_policy(html)

    def _repr_html_(self) -> str:
        """Return the page in a frame of fixed height, for notebooks."""
        language = self.scenario.language if self.scenario else "ko"
        return (
            f'<iframe srcdoc="{escape(self.to_html(language))}" width="100%" '
            f'height="{_NOTEBOOK_HEIGHT_PX}" title="{escape(self.verdict.render(language))}" '
            'style="border:1px solid #cdd6df"></iframe>'
        )

    def _heading(self, language: Language) -> str:
        title = self.scenario.title(language) if self.scenario else ""
        what = Message("Check of the inputs").render(language)
        return harmless(f"{what}: {title} ({self.file})" if title else f"{what}: {self.file}")


def _is_settled(remark: Fault) -> bool:
    """Return whether a remark says itself that nothing needs to be done."""
    return remark.remedy.template.startswith("Nothing")


def _count(faults: Sequence[Fault]) -> int:
    """Return the number of faults; one line may stand for many of a kind."""
    return sum(
        int(str(fault.problem.values["count"])) if is_shortened(fault) else 1 for fault in faults
    )


def _placed(totals: dict[str, Any], key: str) -> Message:
    by = totals[f"{key}_by_precision"]
    return Message(
        "{count} placed (exact place {point}, road {road}, village {village}, township "
        "{township}), {left} not placed",
        count=totals[key],
        left=totals[f"{key}_not_placed"],
        **by,
    )


def _reading_line(one: Reading, language: Language) -> str:
    details = [_form(one, language), *(part for part in (one.encoding, one.crs, one.as_of) if part)]
    used = Message("{used} of {rows} used", used=one.used, rows=one.rows)
    subject = one.subject.render(language)
    return f"{harmless(one.file)}: {subject} · {' · '.join(details)} · {used.render(language)}"


def _form(one: Reading, language: Language) -> str:
    """Return the format of a file; names of formats are the same in every language."""
    return ", ".join(translate(part, language) for part in one.form.split(", "))


def _unread(blamed: bool) -> Message:
    if blamed:
        return Message("not read, see the faults")
    return Message("not checked, because it is read with the help of a file that has faults")


def _shown(text: str | None) -> str | None:
    return None if text is None else harmless(text)


def _fault_values(fault: Fault, language: Language) -> dict[str, Any]:
    return {
        "file": _shown(fault.file),
        "row": fault.row,
        "column": _shown(fault.column),
        "value": _shown(fault.value),
        "problem": fault.problem.render(language),
        "remedy": fault.remedy.render(language),
    }
