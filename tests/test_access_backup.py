"""What hangs on each institution, by hand and by closing it."""

import numpy as np
import pandas as pd
import pytest
from small_world import places, population, times
from test_access_assignment import PLACES, POINTS, random_case, table

from ruralcare import access


def test_by_hand():
    cover = access.coverage(times(), places().offers, standard_min=20)
    found = access.closures(cover, population()).set_index("place_id")
    # 80 old people of A are nearest to F1; the 48 within 20 minutes would travel 50, a2 nowhere.
    first = found.loc["F1"]
    assert first["nearest_for_persons"] == pytest.approx(80)
    assert first["lost_persons"] == pytest.approx(48)
    assert first["no_other_persons"] == pytest.approx(32)
    assert first["added_min"] == pytest.approx(45)
    second = found.loc["F2"]
    assert (second["nearest_for_persons"], second["lost_persons"]) == (20, 0)
    assert pd.isna(second["added_min"])
    assert list(found.columns) == [
        "service",
        "nearest_for_persons",
        "lost_persons",
        "no_other_persons",
        "added_min",
    ]


@pytest.mark.parametrize("seed", range(3))
def test_as_if_each_closed(seed):
    minutes, need, _ = random_case(seed, 40, 8)
    minutes[3] = 99.0
    offers = pd.DataFrame(
        {
            "place_id": [*PLACES[:8], *PLACES[2:5]],
            "service": ["day_care"] * 8 + ["home_visit"] * 3,
            "capacity_persons": 1.0,
        }
    )
    offers = offers.drop(6)
    ways = {"day_care": table(minutes), "home_visit": table(minutes)}
    standards = {"day_care": 15.0, "home_visit": 30.0}
    demand = {
        "day_care": pd.Series(need, POINTS[:40]),
        "home_visit": pd.Series(need[::-1], POINTS[:40]),
    }
    cover = access.coverage(ways, offers, standard_min=standards)
    found = access.closures(cover, demand=demand).set_index(["service", "place_id"])
    assert list(found.index) == sorted(zip(offers["service"], offers["place_id"], strict=True))
    for (service, place), row in found.iterrows():
        here = offers[offers["service"] == service]
        columns = [PLACES.index(name) for name in here["place_id"]]
        kept = [j for j in columns if PLACES[j] != place]
        persons = demand[service].to_numpy()
        now, then = minutes[:, columns].min(axis=1), minutes[:, kept].min(axis=1)
        touched = (minutes[:, columns].argmin(axis=1) == columns.index(PLACES.index(place))) & (
            now <= 60
        )
        lost = (now <= standards[service]) & (then > standards[service])
        assert row["nearest_for_persons"] == pytest.approx(persons[touched].sum())
        assert row["lost_persons"] == pytest.approx(persons[lost].sum())
        assert row["no_other_persons"] == pytest.approx(persons[(now <= 60) & (then > 60)].sum())
        other = touched & (then <= 60)
        if other.any():
            added = np.average((then - now)[other], weights=persons[other])
            assert row["added_min"] == pytest.approx(added)
        else:
            assert pd.isna(row["added_min"])


def test_a_place_that_is_nearest_to_nobody_is_listed():
    minutes = np.array([[5.0, 50.0], [6.0, 40.0]])
    cover = access.coverage(table(minutes), standard_min=10)
    found = access.closures(cover, demand=pd.Series(1.0, POINTS[:2])).set_index("place_id")
    assert found.loc["f000", ["nearest_for_persons", "lost_persons"]].tolist() == [2, 2]
    assert found.loc["f001", ["nearest_for_persons", "lost_persons"]].tolist() == [0, 0]
    assert found["added_min"].isna().tolist() == [False, True]


def test_people_or_demand_must_be_given():
    cover = access.coverage(times(), places().offers, standard_min=20)
    with pytest.raises(ValueError, match="people or demand"):
        access.closures(cover)
