"""Tables that break their contract are refused with every fault named."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
from small_world import places, points, population, times, townships

from ruralcare import TableError
from ruralcare.types import AGE_GROUPS, Places, age_from


def test_age_groups_cover_every_age_once():
    starts = [age_from(group) for group in AGE_GROUPS]
    assert starts == list(range(0, 101, 5))


def test_every_fault_is_named_at_once():
    frame = townships().frame.drop(columns="name")
    frame.index = ["A", "A"]
    frame.index.name = "township_id"
    with pytest.raises(TableError, match=r"lacks the columns name.*duplicated ids: A"):
        replace(townships(), frame=frame)


def test_degrees_are_refused_with_the_remedy():
    with pytest.raises(TableError, match=r"projected CRS.*to_crs"):
        replace(townships(), frame=townships().frame.to_crs(4326))
    bare = gpd.GeoDataFrame(townships().frame.drop(columns="seat").assign(seat=None), crs=None)
    with pytest.raises(TableError, match="no CRS"):
        replace(townships(), frame=bare.set_crs(None, allow_override=True))


def test_weights_sum_to_one_in_every_township():
    frame = points().frame.assign(weight=[0.6, 0.5, 1.0])
    with pytest.raises(TableError, match="weights of A do not sum to 1"):
        replace(points(), frame=frame)


def test_people_are_counted_once_and_never_negative():
    people = population()
    twice = pd.concat([people.frame, people.frame.iloc[[0]]], ignore_index=True)
    with pytest.raises(TableError, match="more than one row"):
        replace(people, frame=twice)
    with pytest.raises(TableError, match="negative"):
        replace(people, frame=people.frame.assign(persons=-1))
    renamed = people.frame["age_group"].replace({"80-84": "80+"})
    with pytest.raises(TableError, match="unknown age groups"):
        replace(people, frame=people.frame.assign(age_group=renamed))


def test_numeric_ids_and_infinite_times_are_refused():
    frame = points().frame
    frame.index = pd.Index([1, 2, 3], name="point_id")
    with pytest.raises(TableError, match="text ids"):
        replace(points(), frame=frame)
    endless = times().frame.assign(time_min=float("inf"))
    with pytest.raises(TableError, match="infinite"):
        replace(times(), frame=endless)
    with pytest.raises(TableError, match="between 0 and the cutoff"):
        replace(times(), cutoff_min=10.0)


def test_a_facility_and_a_co_operative_differ_in_id():
    both = places()
    coops = both.cooperatives.frame.rename(index={"C1": "F1"})
    coops.index.name = "coop_id"
    with pytest.raises(TableError, match="F1"):
        Places(both.facilities, replace(both.cooperatives, frame=coops))


def test_offers_of_unknown_facilities_are_refused():
    facilities = places().facilities
    offers = facilities.offers.assign(facility_id=["F1", "F9"])
    with pytest.raises(TableError, match="F9"):
        replace(facilities, offers=offers)


def test_places_join_both_in_one_series():
    assert places().points.index.tolist() == ["F1", "F2", "C1"]
    assert places().offers["township_id"].tolist() == ["A", "B"]


def test_totals_by_age_and_sex():
    people = population()
    assert people.totals().to_dict() == {"A": 100, "B": 50}
    assert people.totals(2013).to_dict() == {"A": 120, "B": 40}
    assert people.totals(from_age=65).to_dict() == {"A": 80, "B": 20}
    assert people.totals(from_age=20, to_age=39, sex="female").to_dict() == {"A": 10, "B": 15}


def test_minutes_are_the_same_seen_from_home():
    one, two = times("to_place").by_demand, times("to_demand").by_demand
    pd.testing.assert_frame_equal(one, two)
    assert one.iloc[0].tolist() == ["a1", "F1", 5.0, 0.0]
