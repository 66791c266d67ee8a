"""The kind of answer, against cases by hand."""

import numpy as np
import pandas as pd
import pytest
import status_cases as cases

from ruralcare import need
from ruralcare.need.response import emptying, hub_users, least_users
from ruralcare.need.supply import supply_of

POINTS = {"X": {"x": 1.0}, "Y": {"y1": 0.6, "y2": 0.4}}
FAR = {"P": (None, "X", "unknown")}
# The smallest module of day care is for 20, and 10 are enough.
ENOUGH = 10.0


def answers(wanted, minutes, *, young=0.0, candidates=("C",), places=FAR, **changes):
    """Townships empty if there are no young women, and do not if there are many."""
    table = cases.assess(
        wanted, POINTS, minutes, places, candidates=candidates, young=young, **changes
    )
    return cases.today(table)["response"].to_dict(), table


def test_the_least_users_are_those_of_the_smallest_module():
    service, settings = cases.service(), cases.settings()
    assert least_users(service, settings) == ENOUGH
    assert least_users(service.model_copy(update={"min_use": 0.0}), settings) == 20 * 0.5
    assert least_users(service.model_copy(update={"min_use": 0.7}), settings) == pytest.approx(14)


def test_where_people_stay_the_service_is_rolled_out():
    found, _ = answers({"X": 1, "Y": 9}, {("y1", "P"): 50.0}, young=10_000.0)
    assert found == {"X": "full_rollout", "Y": "full_rollout"}


@pytest.mark.parametrize(("in_y", "answer"), [(9.0, "shared_hub"), (8.9, "mobile_service")])
def test_neighbours_share_a_hub_if_they_are_enough(in_y, answer):
    # One in X and nine in Y reach C.
    minutes = {("x", "C"): 30.0, ("y1", "C"): 10.0, ("y2", "C"): 20.0}
    found, _ = answers({"X": 1, "Y": in_y}, minutes)
    assert found == {"X": answer, "Y": answer}


def test_a_site_that_leaves_too_many_out_is_no_answer():
    # Of Y only the larger village reaches C: two fifths are left, more than three tenths.
    minutes = {("x", "C"): 30.0, ("y1", "C"): 10.0, ("y2", "C"): 31.0}
    found, _ = answers({"X": 30, "Y": 30}, minutes)
    assert found == {"X": "shared_hub", "Y": "mobile_service"}


def test_a_site_that_leaves_out_exactly_the_share_is_no_answer():
    """Three tenths beyond the standard are underserved, around a hub as well."""
    points = {"X": {"x": 1.0}, "Y": {"y1": 0.7, "y2": 0.3}}
    minutes = {("x", "C"): 30.0, ("y1", "C"): 10.0, ("y2", "C"): 31.0}
    table = cases.assess({"X": 30, "Y": 30}, points, minutes, FAR, candidates=("C",))
    assert table.settings.own.threshold_share == 0.3
    assert cases.today(table)["response"].to_dict() == {"X": "shared_hub", "Y": "mobile_service"}
    points["Y"] = {"y1": 0.71, "y2": 0.29}
    table = cases.assess({"X": 30, "Y": 30}, points, minutes, FAR, candidates=("C",))
    assert cases.today(table)["response"].to_dict() == {"X": "shared_hub", "Y": "shared_hub"}


def test_those_who_are_served_need_no_hub():
    # Twenty of X are served at P; C could take them, but they do not need it.
    minutes = {("x", "P"): 5.0, ("x", "C"): 5.0, ("y1", "C"): 10.0, ("y2", "C"): 20.0}
    found, table = answers({"X": 20, "Y": 9}, minutes)
    assert found == {"X": "safeguard", "Y": "mobile_service"}
    ground = supply_of(table.services[0], table.access, ("X", "Y"))
    unmet = np.array([0.0, 5.4, 3.6])
    users = hub_users(ground, unmet, np.array([True, True]), 0.3)
    assert users[1] == pytest.approx(9.0)
    found, _ = answers({"X": 20, "Y": 9}, minutes, young=10_000.0)
    assert found["X"] == "none"


def test_the_best_site_counts():
    minutes = {("x", "C"): 10.0, ("y1", "D"): 10.0, ("y2", "D"): 20.0, ("x", "D"): 25.0}
    found, _ = answers({"X": 6, "Y": 6}, minutes, candidates=("C", "D"))
    assert found == {"X": "shared_hub", "Y": "shared_hub"}
    near = {("x", "C"): 10.0}
    found, _ = answers({"X": 6, "Y": 6}, near, candidates=("C",))
    assert found == {"X": "mobile_service", "Y": "mobile_service"}


def test_townships_empty_later_if_their_index_says_so():
    facts = pd.DataFrame({"depopulating": [False, False, True], "year": 2023}, index=list("ABC"))
    ahead = pd.DataFrame(
        {
            "township_id": ["A", "B", "C"] * 2,
            "year": [2023] * 3 + [2030] * 3,
            "extinction_index": pd.array([0.1, 0.3, 0.3, 0.19, pd.NA, 0.4], dtype="Float64"),
        }
    )
    settings = cases.settings()
    assert settings.depopulating_index == 0.2
    assert emptying(facts, ahead, settings, 2023).tolist() == [False, False, True]
    assert emptying(facts, ahead, settings, 2030).tolist() == [True, False, True]
    assert emptying(facts, pd.DataFrame(), settings, 2030).tolist() == [False, False, True]


def test_the_typology_has_four_cells():
    minutes = {("x", "P"): 5.0}
    _, empty = answers({"X": 5, "Y": 5}, minutes)
    _, full = answers({"X": 5, "Y": 5}, minutes, young=10_000.0)
    one, two = need.typology(empty), need.typology(full)
    assert one["cell"].tolist() == ["served_depopulating", "underserved_depopulating"]
    assert two["cell"].tolist() == ["served", "underserved"]
    assert set(one["cell"]) | set(two["cell"]) == set(need.CELLS)
    assert one["services"].tolist() == ["", "day_care"]
    assert one.loc["Y", "responses"] == "day_care:mobile_service"
    assert two.loc["X", "responses"] == ""
    assert one["depopulating"].tolist() == [True, True]
    assert one["underserved"].tolist() == [False, True]


def test_the_typology_of_a_later_year_is_of_that_year():
    _, table = answers({"X": 5, "Y": 5}, {("x", "P"): 5.0}, years=[2030])
    pd.testing.assert_frame_equal(need.typology(table, 2030), need.typology(table))
