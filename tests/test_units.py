"""Conversions against hand calculations."""

import numpy as np

from ruralcare import units


def test_conversions():
    assert units.minutes_at(30_000.0, 60.0) == 30.0
    assert units.minutes_from_seconds(90.0) == 1.5
    assert units.kilometres(2500.0) == 2.5
    assert units.metres(2.5) == 2500.0
    assert units.square_kilometres(3e6) == 3.0
    assert units.per_thousand(3.0, 1500.0) == 2.0
    np.testing.assert_allclose(units.minutes_at(np.array([1000.0, 500.0]), 30.0), [2.0, 1.0])


def test_sixty_and_a_thousand_stand_nowhere_else(root):
    """Conversions belong to units.py alone."""
    import re

    places = []
    for path in sorted((root / "src" / "ruralcare").rglob("*.py")):
        if path.name == "units.py":
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            code = line.split("#")[0]
            if re.search(r"[*/] ?(60|1000|1_000|3600)(\.0)?\b", code):
                places.append(f"{path.name}:{number}: {line.strip()}")
    assert not places
