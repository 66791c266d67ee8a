"""From the tables of the other rooms to a plan, on the county that fits in the head."""

from dataclasses import replace

import need_cases
import pandas as pd
import pytest
from small_world import places, points, population, times, townships

from ruralcare import InputError, access, need, plan
from ruralcare.scenario import PlanSettings, Scenario, Service


@pytest.fixture(scope="module")
def service(scenarios):
    raw = Scenario.read(scenarios / "demo.toml").service("day_care").model_dump()
    module = {"capacity_persons": 5, "capital_mkrw": 100, "running_mkrw": 50, "care_workers": 1}
    changes = {
        "standard_min": 45, "use_rate": 0.5, "level": 1, "modules": [module], "min_use": 0.0,
        "weight": 1.0,
    }  # fmt: skip
    return Service.model_validate(raw | changes)


@pytest.fixture(scope="module")
def needs(service):
    settings = need_cases.settings(forecast={"method": "hold"})
    table = access.coverage(by_service(), places().offers, standard_min={"day_care": 45.0})
    return need.assess(
        townships(), population(), table, services=(service,), settings=settings, years=[2027]
    )


def by_service():
    """Minutes to the facilities and to the candidate C1: 10 from b1, none from a1 and a2."""
    base = times()
    more = pd.DataFrame([("b1", "C1", 10.0)], columns=["from_id", "to_id", "time_min"]).assign(
        proxy_share=0.0
    )
    return {
        "day_care": replace(
            base,
            frame=pd.concat([base.frame, more], ignore_index=True),
            place_ids=("F1", "F2", "C1"),
        )
    }


def settings(**changes):
    raw = {"periods": [{"year": 2027, "budget_mkrw": 100}], "relative_gap": 0.0}
    return PlanSettings.model_validate(raw | changes)


def test_zones_sites_and_capacities(needs):
    problem = plan.build_problem(settings(), needs, by_service(), places())
    assert problem.zone_ids == tuple(points().frame.index)
    assert problem.site_ids == ("F1", "F2", "C1")
    assert problem.candidate.tolist() == [False, False, True]
    # 13 recognised people of A, half of them use day care, 60 % of them live in a1.
    assert problem.demand_persons[0, 0, 0] == pytest.approx(13 * 0.5 * 0.6)
    assert problem.existing_persons[0, 0, 0] == 4
    # F2 has no known limit: it has room for everybody.
    assert problem.existing_persons[1, 0, 0] == pytest.approx(6.5 + 1.75)
    # a1–F2 takes 50 minutes and is beyond the standard of 45.
    assert len(problem.pairs[0]) == 4


def test_the_best_plan_by_hand(needs):
    """F1 serves 4 of the 6.5 of A; B is served anyway, by C1 in 10 instead of F2 in 40 minutes."""
    found = plan.solve(settings(), needs, by_service(), places())
    assert found.coverage["served_persons"].sum() == pytest.approx(4 + 1.75)
    # Both villages of A are within 45 minutes of F1: 3.9 people of a1 and 0.1 of a2.
    minutes = 3.9 * 5 + 0.1 * 25 + 1.75 * 10
    assert found.objective == pytest.approx(5.75 - 1e-4 * minutes)
    assert "Shortens the way" in str(found.openings["reason"].iloc[0])
    poor = settings(periods=[{"year": 2027, "budget_mkrw": 99}])
    without = plan.solve(poor, needs, by_service(), places())
    assert without.openings.empty
    assert without.objective == pytest.approx(5.75 - 1e-4 * (22 + 1.75 * 40))
    assert found.need is needs
    assert found.verify() == ()


def test_a_forced_opening_happens_and_an_unknown_one_is_named(needs):
    forced = settings(forced=[{"site": "C1", "service": "day_care"}])
    found = plan.solve(forced, needs, by_service(), places())
    assert found.openings["site_id"].tolist() == ["C1"]
    unknown = settings(forbidden=[{"site": "X", "service": "day_care"}])
    with pytest.raises(InputError, match=r"plan.forbidden\[1\].site\] · “X”"):
        plan.solve(unknown, needs, by_service(), places())


def test_an_unwilling_co_operative_is_no_candidate(needs):
    problem = plan.build_problem(settings(least_willing=0.6), needs, by_service(), places())
    assert not problem.willing[2]


def test_underserved_and_emptying_townships_count_more(needs):
    problem = plan.build_problem(settings(priority_underserved=2.0), needs, by_service(), places())
    # A is depopulating (index 0.125) and short of places; B is neither.
    assert problem.priority.tolist() == [2.0, 2.0, 1.0]


def test_access_after_each_stage(needs):
    forced = settings(forced=[{"site": "C1", "service": "day_care"}])
    found = plan.solve(forced, needs, by_service(), places())
    today, after = plan.access_by_stage(needs, places(), found)
    before_min = today.frame.set_index("township_id")["nearest_min"]
    after_min = after.frame.set_index("township_id")["nearest_min"]
    assert before_min["B"] == 40.0
    assert after_min["B"] == 10.0
    assert before_min["A"] == after_min["A"]
