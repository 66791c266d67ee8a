"""A scenario file made of parts, for the tests of the readers."""

from __future__ import annotations

from pathlib import Path

import tomli_w

from ruralcare import Scenario

PLAN = {"periods": [{"year": 2027, "budget_mkrw": 100.0}]}


def scenario(folder: Path, **parts) -> Scenario:
    """Write a scenario with the given parts over a bare one, and read it."""
    raw = {
        "name": "test",
        "title_ko": "시험",
        "title_en": "Test",
        "townships": {"files": ["towns.geojson"], "as_of": "2023"},
        "population": {
            "assumed": {"year": 2023, "persons": {}, "age_shares": {"65-69": 1.0}},
        },
        "points": {"kind": "centroid"},
        "plan": PLAN,
    }
    raw.update(parts)
    path = folder / "scenario.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    return Scenario.read(path)
