"""People and demand points."""

import numpy as np
import pytest
from input_cases import scenario
from test_boundaries import areas
from test_places import VILLAGES

from ruralcare import InputError, inputs

SHARES = {"20-24": 0.3, "65-69": 0.5, "100+": 0.2}


@pytest.fixture
def folder(tmp_path):
    areas().to_file(tmp_path / "towns.geojson")
    (tmp_path / "villages.csv").write_text(VILLAGES, "utf-8")
    return tmp_path


def assumed(persons, shares=SHARES):
    return {"assumed": {"year": 2024, "persons": persons, "age_shares": shares,
                        "female_share": 0.55}}  # fmt: skip


def test_assumed_people_sum_to_the_person_and_say_so(folder):
    found = scenario(folder, population=assumed({"한들읍": 1003, "9971031000": 7}))
    people = inputs.read_population(found)
    assert people.assumed
    assert people.totals().to_dict() == {"9971025000": 1003, "9971031000": 7}
    old = people.totals(from_age=65)["9971025000"]
    assert old == pytest.approx(1003 * 0.7, abs=2)


def test_missing_and_unknown_townships_are_named_together(folder):
    found = scenario(folder, population=assumed({"한들읍": 10, "없는면": 5}))
    with pytest.raises(InputError) as caught:
        inputs.read_population(found)
    told = str(caught.value)
    assert "없는면" in told
    assert "묵도면" in told


def test_villages_weigh_by_their_people(folder):
    found = scenario(
        folder,
        population=assumed({"한들읍": 10, "묵도면": 5}),
        points={"kind": "villages", "file": "villages.csv"},
    )
    points = inputs.read_population(found).points.frame
    assert points["weight"].tolist() == pytest.approx([0.25, 0.75, 1.0])
    towns = inputs.read_townships(found)
    assert towns.seat_basis == "largest village"
    largest = points[points["name"] == "중앙리"].geometry.iloc[0]
    assert towns.frame["seat"].iloc[0].equals(largest)


def test_a_township_without_a_village_is_named(folder):
    text = VILLAGES.rsplit("\n", 2)[0] + "\n"
    (folder / "villages.csv").write_text(text, "utf-8")
    found = scenario(
        folder,
        population=assumed({"한들읍": 10, "묵도면": 5}),
        points={"kind": "villages", "file": "villages.csv"},
    )
    with pytest.raises(InputError, match="no village of the township 묵도면"):
        inputs.read_population(found)


def test_a_village_far_from_its_township_is_moved_and_told(folder):
    stray = "한들군,한들읍,딴리,4,9971025000,100,34.95,126.55\n"
    (folder / "villages.csv").write_text(VILLAGES + stray, "utf-8")
    found = scenario(
        folder,
        population=assumed({"한들읍": 10, "묵도면": 5}),
        points={"kind": "villages", "file": "villages.csv"},
    )
    points = inputs.read_population(found).points
    assert any("딴리" in str(note) for note in points.notes)
    moved = points.frame[points.frame["name"] == "딴리"].geometry.iloc[0]
    assert moved.equals(points.frame[points.frame["name"] == "중앙리"].geometry.iloc[0])
    assert points.frame[points.frame["township_id"] == "9971025000"]["weight"].sum() == 1


@pytest.mark.integration
def test_points_along_residential_streets(shared_data, scenarios):
    from ruralcare import Scenario

    found = Scenario.read(scenarios / "liechtenstein.toml")
    towns = inputs.read_townships(found)
    points = inputs.read_demand_points(found, towns)
    assert points.basis == "residential roads"
    inside = points.frame.geometry.within(
        towns.frame.geometry.reindex(points.frame["township_id"]).set_axis(points.frame.index)
    )
    assert inside.mean() > 0.99
    counts = points.frame.groupby("township_id").size()
    assert set(counts.index) == set(towns.frame.index)
    for township, group in points.frame.groupby("township_id"):
        np.testing.assert_allclose(group["weight"], 1 / counts[township])


def test_codes_that_became_numbers_are_still_codes(tmp_path):
    from broken_cases import replaced
    from tiny_county import FILES, county

    from ruralcare import Scenario, inputs

    path = county(tmp_path)
    for township in ("4699025000", "4699031000", "4699032000"):
        text = (tmp_path / FILES["villages"]).read_text("utf-8")
        for _ in range(text.count(f",{township},")):
            replaced(tmp_path / FILES["villages"], f",{township},", f",{township}.0,")
    points = inputs.read_population(Scenario.read(path)).points.frame
    assert sorted(points["township_id"].unique()) == ["4699025000", "4699031000", "4699032000"]
