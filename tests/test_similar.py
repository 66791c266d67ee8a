"""Resemblance of townships and co-operatives: hand calculation, and what must always hold."""

import math
import statistics
import time
from dataclasses import replace
from functools import cache

import geopandas as gpd
import need_cases
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from small_world import CRS, places, population, times, townships
from test_depopulation import towns_of

from ruralcare import access, need
from ruralcare.types import Cooperatives, Facilities, Places

PLAIN = ["share_65plus", "extinction_index", "change_10y_share"]


@cache
def table():
    return access.coverage(
        {"day_care": times()}, places().offers, standard_min={"day_care": 20.0}, people=population()
    )


def facts_of(rows):
    """Return indicators: township → (65+, share, index, density, change, connection)."""
    columns = ["population_65plus", "share_65plus", "extinction_index", "density_per_km2",
               "change_10y_share", "connection"]  # fmt: skip
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    for name in columns[:5]:
        frame[name] = frame[name].astype("Float64")
    return frame.rename_axis("township_id")


@cache
def no_access():
    """Return an access table that knows nothing of any township."""
    whole = table()
    return replace(whole, frame=whole.frame.iloc[:0])


FACTS = {
    "A": (800, 0.50, 0.10, 20.0, -0.20, "road"),
    "B": (820, 0.49, 0.11, 22.0, -0.21, "road"),
    "C": (400, 0.60, 0.05, 9.0, -0.35, "ferry"),
    "D": (9000, 0.15, 1.20, 4000.0, 0.10, "road"),
    "E": (790, 0.52, None, 21.0, None, "road"),
}


def test_columns_in_their_own_units():
    facts = need.indicators(
        townships(), population(), need_cases.settings(), pd.Series({"A": "road", "B": "ferry"})
    )
    found = need.similarity_columns(facts, table())
    assert found.loc["A", "population_65plus"] == pytest.approx(math.log(80))
    assert found.loc["B", "density_per_km2"] == pytest.approx(math.log(50))
    assert found["without_road"].tolist() == [0.0, 1.0]
    # A: 60 % in 5 minutes, 40 % in 25; B: 40 minutes.
    assert found["nearest_min:day_care"].tolist() == pytest.approx([13.0, 40.0])
    assert found.loc["A", "places_per_1000:day_care"] == pytest.approx(4 * 1000 / 80)


def test_who_reaches_nothing_counts_with_the_cutoff():
    whole = table()
    frame = whole.frame.copy()
    row = frame["township_id"] == "A"
    frame.loc[row, ["covered_share", "beyond_standard_share", "beyond_cutoff_share"]] = [
        0.6,
        0,
        0.4,
    ]
    frame.loc[row, "nearest_min"] = 5.0
    facts = need.indicators(townships(), population(), need_cases.settings(), None)
    found = need.similarity_columns(facts, replace(whole, frame=frame))
    assert found.loc["A", "nearest_min:day_care"] == pytest.approx(0.6 * 5 + 0.4 * 60)


def test_the_distance_by_hand():
    found = need.similar(facts_of(FACTS), no_access(), "A", columns=PLAIN[:2])
    shares = [row[1] for row in FACTS.values()]
    index = [row[2] for row in FACTS.values() if row[2] is not None]
    one, other = statistics.pstdev(shares), statistics.pstdev(index)
    expected = {
        "B": math.sqrt(((0.01 / one) ** 2 + (0.01 / other) ** 2) / 2),
        "C": math.sqrt(((0.10 / one) ** 2 + (0.05 / other) ** 2) / 2),
        "D": math.sqrt(((0.35 / one) ** 2 + (1.10 / other) ** 2) / 2),
        # Only the share is known of E: half of the columns are enough.
        "E": 0.02 / one,
    }
    assert found["township_id"].tolist() == sorted(expected, key=expected.get)
    assert found["distance"].tolist() == pytest.approx(sorted(expected.values()))
    assert found["rank"].tolist() == [1, 2, 3, 4]
    by_id = found.set_index("township_id")
    assert by_id["compared"].to_dict() == {"B": 2, "E": 1, "C": 2, "D": 2}
    row = by_id.loc["C"]
    assert row["closest"] == "extinction_index"
    assert row["closest_sd"] == pytest.approx(-0.05 / other)
    assert row["second_closest"] == "share_65plus"
    assert row["second_closest_sd"] == pytest.approx(0.10 / one)
    assert by_id[["farthest", "farthest_sd"]].isna().all(axis=None)
    assert pd.isna(by_id.loc["E", "second_closest"])


def test_what_is_alike_and_what_differs_most():
    found = need.similar(facts_of(FACTS), no_access(), "A").set_index("township_id")
    assert found.index[0] == "B"
    assert found.loc["C", "farthest"] == "without_road"
    assert found.loc["C", "farthest_sd"] == pytest.approx(1 / 0.4)
    assert found.loc["E", "compared"] == 4
    assert len(need.similar(facts_of(FACTS), no_access(), "A", most=2)) == 2


def access_of(minutes):
    """Return an access table with the minutes of each township to two services."""
    whole = table()
    row = whole.frame.iloc[0]
    rows = [
        row.to_dict() | {"township_id": town, "service": service, "nearest_min": value,
         "covered_share": 1.0, "beyond_standard_share": 0.0, "places_per_1000": pd.NA}
        for service, values in minutes.items()
        for town, value in values.items()
    ]  # fmt: skip
    frame = pd.DataFrame(rows).astype({"nearest_min": "Float64", "places_per_1000": "Float64"})
    return replace(whole, frame=frame, times=dict.fromkeys(minutes, times()))


def test_the_service_of_the_model_can_be_left_out():
    rows = dict.fromkeys("ABCD", FACTS["A"])
    minutes = {
        "day_care": {"A": 1.0, "B": 50.0, "C": 1.0, "D": 40.0},
        "home_visit_care": {"A": 10.0, "B": 10.0, "C": 15.0, "D": 25.0},
    }
    facts, found = facts_of(rows), access_of(minutes)
    whole = need.similar(facts, found, "A")
    assert whole["compared"].tolist() == [2, 2, 2]
    assert whole["township_id"].tolist()[0] == "C"
    other = need.similar(facts, found, "A", without=["day_care"])
    assert other["compared"].tolist() == [1, 1, 1]
    assert other["township_id"].tolist() == ["B", "C", "D"]
    assert set(other["closest"]) == {"nearest_min:home_visit_care"}
    # A co-operative that offers day care is compared without it.
    branches = {f"{name}1": (name, name) for name in rows}
    both = Places(offering(["A", "X"]), coops(branches))
    coop = need.similar_cooperatives(both, towns_of(list(rows)), facts, found, "A1")
    assert coop["operator_id"].tolist() == ["B", "C", "D"]


def test_a_model_is_compared_without_what_it_does_well():
    rows = dict.fromkeys("ABCD", FACTS["A"])
    minutes = {
        "day_care": {"A": 1.0, "B": 50.0, "C": 1.0, "D": 40.0},
        "home_visit_care": {"A": 10.0, "B": 10.0, "C": 15.0, "D": 25.0},
    }
    facts, found = facts_of(rows).assign(name=list(rows)), access_of(minutes)

    def likeness(status, model="A"):
        frame = pd.DataFrame(
            [(town, service, 2023, 1.0, 0.0, status[service] if town == "A" else "underserved")
             for town in rows for service in minutes],
            columns=["township_id", "service", "year", "need_persons", "unmet_persons", "status"],
        )  # fmt: skip
        reasons = np.where(frame["status"] == "served", "", "too_far")
        # In a later year the status is another one.
        later = frame.assign(year=2030, status="at_risk", reasons="demand_grows")
        table = need.NeedTable(
            pd.concat([frame.assign(reasons=reasons), later], ignore_index=True),
            facts, (), towns_of(list(rows)), population(), found, need_cases.settings(),
        )  # fmt: skip
        return need.candidates(table, places(), [model])

    both = likeness({"day_care": "at_risk", "home_visit_care": "underserved"})
    assert both["candidate_id"].tolist() == ["C", "B", "D"]
    assert both["compared"].tolist() == [2, 2, 2]
    one = likeness({"day_care": "served", "home_visit_care": "underserved"})
    assert one["candidate_id"].tolist() == ["B", "C", "D"]
    assert set(one["closest"]) == {"nearest_min:home_visit_care"}
    assert one["model_kind"].tolist() == ["township"] * 3
    # B does nothing well: all columns count.
    other = likeness({"day_care": "served", "home_visit_care": "served"}, "B")
    assert set(other["compared"]) == {2}


def test_a_stranger_and_a_column_that_is_not_there():
    with pytest.raises(ValueError, match="'Z'"):
        need.similar(facts_of(FACTS), no_access(), "Z")
    with pytest.raises(ValueError, match="altitude"):
        need.similar(facts_of(FACTS), no_access(), "A", columns=["altitude"])
    with pytest.raises(ValueError, match="columns"):
        need.similar(facts_of(FACTS), no_access(), "A", columns=[])


def test_little_in_common_is_no_resemblance():
    rows = FACTS | {"F": (None, 0.50, None, None, None, "road")}
    found = need.similar(facts_of(rows), no_access(), "A")
    assert "F" not in set(found["township_id"])


def test_townships_that_are_all_the_same():
    rows = dict.fromkeys("ABC", FACTS["A"])
    found = need.similar(facts_of(rows), no_access(), "A")
    # Nothing tells them apart, so nothing can be compared.
    assert found.empty
    assert "closest" in found
    assert need.similar(facts_of({"A": FACTS["A"]}), no_access(), "A").empty


VALUE = st.one_of(st.none(), st.floats(0.01, 100.0).map(lambda value: round(value, 3)))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(*[VALUE] * 5), min_size=3, max_size=8), st.floats(0.01, 1000))
def test_symmetric_and_without_a_unit(rows, factor):
    frame = facts_of({f"T{i}": (*row, "road") for i, row in enumerate(rows)})

    def both_ways(facts):
        found: dict[frozenset[str], list[float]] = {}
        for one in facts.index:
            for row in need.similar(facts, no_access(), one, most=99).itertuples():
                found.setdefault(frozenset((one, str(row.township_id))), []).append(row.distance)
        return found

    ways = both_ways(frame)
    for pair, found in ways.items():
        assert len(pair) == 2
        assert min(found) >= 0
        if len(found) == 2:
            assert found[0] == pytest.approx(found[1])
    scaled = frame.copy()
    for name in ("population_65plus", "share_65plus", "density_per_km2"):
        scaled[name] = scaled[name] * factor
    again = both_ways(scaled)
    assert again.keys() == ways.keys()
    for pair, found in ways.items():
        assert again[pair] == pytest.approx(found, rel=1e-6, abs=1e-6)


def test_a_twin_is_at_no_distance_and_ties_go_by_id():
    rows = {"B": FACTS["A"], "A": FACTS["A"], "C": FACTS["C"], "D": FACTS["C"], "0": FACTS["A"]}
    found = need.similar(facts_of(rows), no_access(), "A")
    assert found["township_id"].tolist() == ["0", "B", "C", "D"]
    assert found["distance"].tolist()[:2] == [0.0, 0.0]


def coops(rows):
    """Return co-operatives: branch → (operator, township)."""
    frame = gpd.GeoDataFrame(
        {
            "name": [f"{name}지점" for name in rows],
            "operator_id": [operator for operator, _ in rows.values()],
            "township_id": [town for _, town in rows.values()],
            "willing": 0.5,
            "address": "",
            "location_precision": "township",
        },
        geometry=[Point(number, 0) for number in range(len(rows))],
        crs=CRS,
        index=pd.Index(list(rows), name="coop_id"),
    )
    none = pd.DataFrame({"coop_id": [], "name": [], "address": [], "reason": []})
    return Cooperatives(frame, none)


def offering(operators):
    """Return places in which institution F1 belongs to one operator and F2 to another."""
    base = places().facilities
    frame = base.frame.assign(operator_id=operators)
    return Facilities(frame, base.offers, base.unplaced)


BRANCHES = {
    "k1": ("K", "A"), "k2": ("K", "C"), "k3": ("K", "C"),
    "m1": ("M", "B"), "n1": ("N", "D"), "o1": ("O", "E"), "p1": ("P", ""),
}  # fmt: skip


def test_a_cooperative_is_its_townships_once_each_by_their_old_people():
    both = Places(places().facilities, coops(BRANCHES))
    found = need.similar_cooperatives(
        both, towns_of(list(FACTS)), facts_of(FACTS), no_access(), "k2", columns=["share_65plus"]
    )
    sd = statistics.pstdev([row[1] for row in FACTS.values()])
    model = (0.50 * 800 + 0.60 * 400) / 1200
    expected = {
        "M": abs(0.49 - model) / sd,
        "N": abs(0.15 - model) / sd,
        "O": abs(0.52 - model) / sd,
    }
    assert found.set_index("operator_id")["distance"].to_dict() == pytest.approx(expected)
    assert found["operator_id"].tolist() == ["O", "M", "N"]
    assert found["name"].tolist() == ["o1지점", "m1지점", "n1지점"]
    assert found["townships"].tolist() == ["E", "B", "D"]
    assert found["closest_sd"].tolist()[0] == pytest.approx((0.52 - model) / sd)
    # P has no branch in the townships.
    assert "P" not in set(found["operator_id"])


def test_who_offers_it_already_is_no_candidate():
    towns, facts = towns_of(list(FACTS)), facts_of(FACTS)
    both = Places(offering(["K", "M"]), coops(BRANCHES))
    found = need.similar_cooperatives(both, towns, facts, no_access(), "k1")
    assert set(found["operator_id"]) == {"N", "O"}
    found = need.similar_cooperatives(
        both, towns, facts, no_access(), "k1", services=["nursing_home"]
    )
    assert found.set_index("operator_id")["offers"].to_dict() == {"M": "day_care", "N": "", "O": ""}
    found = need.similar_cooperatives(both, towns, facts, no_access(), "k1", offering=["N"])
    assert found["operator_id"].tolist() == ["O"]


def test_branches_that_cannot_be_compared():
    both = Places(places().facilities, coops(BRANCHES))
    for branch, words in (("z9", "z9"), ("p1", "lies in the townships")):
        with pytest.raises(ValueError, match=words):
            need.similar_cooperatives(
                both, towns_of(list(FACTS)), facts_of(FACTS), no_access(), branch
            )


def test_a_nation_is_compared_in_a_moment():
    rng = np.random.default_rng(1)
    rows = {f"T{number:04}": (*np.abs(rng.normal(size=5)) + 0.1, "road") for number in range(3504)}
    facts = facts_of(rows)
    start = time.process_time()
    found = need.similar(facts, no_access(), "T0000")
    assert time.process_time() - start < 2
    assert len(found) == 10
    assert found["distance"].is_monotonic_increasing
