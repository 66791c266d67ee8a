"""How sure a status is, against closed forms and invariants."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import status_cases as cases
from scipy.stats import norm

from ruralcare import need
from ruralcare.need.draws import ASSUMPTIONS, draws, factor, shifted
from ruralcare.scenario import Spread, Uncertainty

POINTS = {"X": {"x": 1.0}, "Y": {"y": 1.0}}
NONE = {"samples": 50}


def world(spreads, minutes=None, room=30.0, wanted=None, *, basis="published", years=(), **more):
    rules = cases.settings(uncertainty=spreads, viable_use=0.0)
    ways = minutes or {("x", "P"): 10.0, ("y", "P"): 28.0}
    return cases.assess(
        wanted or {"X": 10, "Y": 10}, POINTS, ways, {"P": (room, "X", basis)}, rules=rules,
        years=years, **more,
    )  # fmt: skip


def share(found, township, year=2023):
    rows = found.shares.set_index(["township_id", "year"])
    return float(rows.loc[(township, year), "underserved_share"])


@pytest.mark.parametrize("room", [30.0, 12.0])
def test_without_spread_the_share_is_the_status(room):
    table = world(NONE, room=room)
    found = need.sureness(table)
    underserved = cases.today(table)["status"] == "underserved"
    assert found.shares["underserved"].tolist() == underserved.tolist()
    assert found.shares["underserved_share"].tolist() == underserved.astype(float).tolist()
    assert found.decisive.empty
    assert (found.ranks["rank_low"] == found.ranks["rank"]).all()
    assert (found.ranks["rank_high"] == found.ranks["rank"]).all()
    assert found.samples == 50


def test_speeds_move_what_lies_near_the_standard():
    """28 of 30 minutes: with lognormal speeds, slower than 28/30 is too slow."""
    spread = 0.1
    found = need.sureness(world({"samples": 400, "speed": {"spread": spread}}))
    assert share(found, "X") == 0.0
    # The samples are spread evenly over the quantiles: off by less than one of them.
    assert share(found, "Y") == pytest.approx(norm.cdf(np.log(28 / 30) / spread), abs=1 / 400)


def test_standards_and_speeds_work_on_the_same_minutes():
    found = need.sureness(
        world({"samples": 400, "standard": {"distribution": "uniform", "spread": 0.2}})
    )
    # Underserved where the factor is below 28/30: of 0.8 to 1.2, a third.
    assert share(found, "Y") == pytest.approx((28 / 30 - 0.8) / 0.4, abs=1 / 400)


def test_rates_move_what_lies_near_the_room():
    """20 in need, 15 places: a quarter is without; three of ten from 21.4 in need on."""
    spread = 0.1
    expected = 1 - norm.cdf(np.log(15 / 14) / spread)
    # With f times the need, 20 f - 15 of 20 f are without room: 0.3 from f = 15 / 14 on.
    for name in ("recognition", "use"):
        found = need.sureness(world({"samples": 400, name: {"spread": spread}}, room=15.0))
        assert share(found, "Y") == pytest.approx(expected, abs=1 / 400)


def test_only_estimated_room_is_uncertain():
    spreads = {"samples": 400, "capacity": {"spread": 0.2}}
    known = need.sureness(world(spreads, room=15.0))
    assert set(known.shares["underserved_share"]) == {0.0}
    for basis in ("care workers", "default"):
        found = need.sureness(world(spreads, room=15.0, basis=basis))
        # 20 - 15 c of 20 are without room: 0.3 at c = 14 / 15.
        assert share(found, "Y") == pytest.approx(norm.cdf(np.log(14 / 15) / 0.2), abs=1 / 400)


def test_thresholds_move_what_lies_near_them():
    points = {"X": {"x": 1.0}, "Y": {"y": 0.29, "z": 0.71}}
    rules = cases.settings(
        uncertainty={"samples": 400, "threshold": {"distribution": "uniform", "spread": 0.1}}
    )
    minutes = {("x", "P"): 1.0, ("z", "P"): 1.0, ("y", "P"): 50.0}
    table = cases.assess(
        {"X": 10, "Y": 10}, points, minutes, {"P": (None, "X", "unknown")}, rules=rules
    )
    found = need.sureness(table)
    assert share(found, "Y") == pytest.approx((29 / 30 - 0.9) / 0.2, abs=1 / 400)


SPREADS = {
    "samples": 40,
    "speed": {"spread": 0.1},
    "standard": {"distribution": "uniform", "spread": 0.2},
    "threshold": {"distribution": "uniform", "spread": 0.1},
    "recognition": {"spread": 0.1},
    "use": {"spread": 0.15},
    "capacity": {"spread": 0.2},
}


def test_the_same_seed_gives_the_same_and_another_another():
    table = world(SPREADS, room=18.0, basis="default", years=[2030])
    one, two, other = (need.sureness(table, seed=seed) for seed in (1, 1, 2))
    for name in ("shares", "decisive", "ranks", "assumptions"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert not one.shares.equals(other.shares)
    pd.testing.assert_frame_equal(one.decisive, other.decisive)


def test_the_order_of_townships_does_not_matter():
    one = world(SPREADS, room=18.0, basis="default", years=[2030])
    two = world(SPREADS, room=18.0, basis="default", years=[2030], wanted={"Y": 10, "X": 10})
    assert one.frame["township_id"].iloc[0] != two.frame["township_id"].iloc[0]
    key = ["township_id", "year"]
    for name in ("shares", "ranks"):
        mine, theirs = (getattr(need.sureness(t), name).sort_values(key) for t in (one, two))
        pd.testing.assert_frame_equal(mine.reset_index(drop=True), theirs.reset_index(drop=True))


def test_one_assumption_that_decides_is_named():
    found = need.sureness(world({"samples": 10, "speed": {"spread": 0.1}}))
    assert found.decisive.drop(columns="value").to_dict("records") == [
        {
            "township_id": "Y",
            "service": "day_care",
            "assumption": "speed",
            "direction": "low",
            "status": "served",
            "status_then": "underserved",
        }
    ]
    assert found.decisive["value"].iloc[0] == pytest.approx(np.exp(0.1 * norm.ppf(0.1)))
    row = found.of("Y", "day_care")
    assert row.loc[2023, "decisive"] == "speed:low"
    assert row.loc[2023, "underserved_share"] == share(found, "Y")
    with pytest.raises(KeyError):
        found.of("Z", "day_care")


def test_the_summary_counts_townships():
    found = need.sureness(world({"samples": 100, "speed": {"spread": 0.1}}))
    row = found.summary().loc[("day_care", 2023)]
    # X is sure; Y is underserved in a quarter of the samples.
    assert row.to_dict() == {
        "townships": 2, "underserved": 0, "surely_underserved": 0, "surely_not": 1,
        "unsure": 1, "decisive": 1,
    }  # fmt: skip


def test_ranks_follow_the_weighted_unmet_need():
    table = world(NONE, {("x", "P"): 50.0, ("y", "P"): 40.0}, wanted={"X": 5, "Y": 9})
    weighty = replace(table, services=(table.services[0].model_copy(update={"weight": 2.0}),))
    ranks = need.sureness(weighty).ranks.set_index("township_id")
    assert ranks["rank"].to_dict() == {"X": 2, "Y": 1}
    assert ranks["unmet_weighted"].to_dict() == pytest.approx({"X": 10.0, "Y": 18.0})
    equal = world(NONE, {("x", "P"): 50.0, ("y", "P"): 40.0}, wanted={"X": 5, "Y": 5})
    assert set(need.sureness(equal).ranks["rank"]) == {1}


def test_what_lies_beyond_the_cutoff_is_not_invented():
    table = world({"samples": 50, "speed": {"spread": 0.3}}, cutoff_min=31.0)
    found = need.sureness(table)
    assert any("longest travel time measured" in note.template for note in found.notes)
    assert not need.sureness(world({"samples": 50, "speed": {"spread": 0.05}})).notes


def test_fewer_samples_may_be_asked_for_and_none_leaves_the_shares_open():
    table = world(SPREADS)
    assert need.sureness(table, samples=7).samples == 7
    empty = need.sureness(table, samples=0)
    assert empty.shares["underserved_share"].isna().all()
    assert len(empty.ranks) == 2


def test_the_last_year_takes_its_people_from_the_forecast():
    table = world({"samples": 30}, room=18.0, years=[2030])

    class Growing:
        """All are twice as many in every other sample."""

        def __init__(self, real):
            self.real = real

        def __getattr__(self, name):
            return getattr(self.real, name)

        def samples(self, n, seed):
            for number in range(n):
                persons = self.real.persons.copy()
                persons[1:] *= 1 + number % 2
                yield persons

    found = need.sureness(replace(table, forecast=Growing(table.forecast)))
    assert share(found, "Y", 2023) == 0.0
    assert share(found, "Y", 2030) == 0.5
    assert found.assumptions["assumption"].tolist()[-1] == "forecast"
    off = replace(
        table,
        forecast=Growing(table.forecast),
        settings=table.settings.model_copy(
            update={"uncertainty": Uncertainty(samples=30, forecast=False)}
        ),
    )
    assert share(need.sureness(off), "Y", 2030) == 0.0


def test_factors_have_the_distribution_that_is_asked_for():
    assert factor(Spread(spread=0.2), 0.5) == pytest.approx(1.0)
    assert factor(Spread(spread=0.2), 0.9) == pytest.approx(np.exp(0.2 * 1.2815515655446004))
    assert factor(Spread(distribution="uniform", spread=0.2), 0.0) == pytest.approx(0.8)
    drawn = list(draws(Uncertainty.model_validate(SPREADS), 2, 400, 1))
    assert len(drawn) == 400
    assert all(one.speed == two.speed for one, two in drawn)
    assert any(one.use != two.use for one, two in drawn)
    logs = np.log([one.speed for one, _ in drawn])
    assert logs.mean() == pytest.approx(0.0, abs=0.002)
    assert logs.std() == pytest.approx(0.1, rel=0.02)
    standards = np.array([one.standard for one, _ in drawn])
    # One in each of 400 equal parts.
    parts = np.floor((standards - 0.8) / 0.4 * 400).astype(int)
    assert sorted(parts.clip(0, 399)) == list(range(400))
    assert {name for name, *_ in shifted(Uncertainty.model_validate(SPREADS))} == set(ASSUMPTIONS)
    assert list(shifted(Uncertainty())) == []
