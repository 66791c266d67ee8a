"""Every kind of broken input is named with its place, and nothing else is blamed."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import broken_cases
import pytest
from broken_cases import Broken
from tiny_county import county

from ruralcare import InputError, Scenario, workflow
from ruralcare.errors import Fault
from ruralcare.settings import Settings

CASES = [
    case
    for module in pkgutil.iter_modules(broken_cases.__path__)
    for case in import_module(f"broken_cases.{module.name}").CASES
]


def _look(folder: Path, path: Path) -> tuple[list[Fault], list[Fault]]:
    """Return faults and remarks."""
    try:
        scenario = Scenario.read(path)
    except InputError as error:
        return list(error.faults), []
    found = workflow.examine(scenario, settings=Settings(cache_dir=folder / "cache"))
    readings = [
        reading
        for table in (
            found.townships,
            found.people,
            found.people and found.people.points,
            found.places and found.places.facilities,
            found.places and found.places.cooperatives,
            found.roads,
        )
        if table is not None
        for reading in table.readings
    ]
    return list(found.faults), [remark for reading in readings for remark in reading.remarks]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_the_fault_is_named_and_nothing_else_is_blamed(tmp_path: Path, case: Broken):
    path = county(tmp_path, case.scenario)
    if case.spoil is not None:
        case.spoil(tmp_path)
    faults, remarks = _look(tmp_path, path)
    if case.remark:
        assert faults == []
        told = [one for one in remarks if one.problem.template.startswith(case.problem)]
        others = [one.problem.template for one in remarks if one not in told]
        assert told, [one.render() for one in remarks]
        assert len(others) == len(case.besides), others
        assert all(any(one.startswith(text) for one in others) for text in case.besides), others
    else:
        told = faults
    assert len(told) == 1, [one.render() for one in told]
    (fault,) = told
    assert fault.problem.template.startswith(case.problem), fault.render()
    place = (fault.file, fault.row, fault.column, fault.value)
    assert place == (case.file, case.row, case.column, case.value), fault.render()
    for language in ("ko", "en"):
        assert fault.render(language)


def test_the_whole_county_is_read_without_a_remark(tmp_path: Path):
    faults, remarks = _look(tmp_path, county(tmp_path))
    assert (faults, remarks) == ([], [])


def test_there_are_enough_cases():
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
