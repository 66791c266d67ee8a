"""Questions that cannot be answered are refused, with every reason; odd points have a state."""

from __future__ import annotations

import math

import geopandas as gpd
import pytest
from network_cases import CRS, at, homes, network, road, sites
from shapely.geometry import Point, box

from ruralcare.errors import TableError
from ruralcare.network import everywhere, isochrones, matrix, nearest, paths, travel_times
from ruralcare.network.arguments import check_arguments, checked_points

ROADS = network({"A": (0, 0), "B": (1000, 0)}, [road("A", "B")])
HOMES, PLACES = homes({"h": (0, 0)}), sites({"p": (1000, 0)})


def test_every_fault_is_told():
    with pytest.raises(TableError) as caught:
        check_arguments(
            one_of=[("mode", "boat", ("car", "foot"))],
            positive=[("walking_kmh", math.nan), ("snap_limit_m", 5.0)],
            not_negative=[("cutoff_min", -1), ("more", math.inf)],
        )
    assert str(caught.value) == (
        "mode must be car or foot, not boat; walking_kmh must be a number above 0, not nan; "
        "cutoff_min must be 0 or more, not -1"
    )


def ask_times(**more):
    return travel_times(ROADS, HOMES, PLACES, **more)


def ask_nearest(**more):
    return nearest(ROADS, HOMES, PLACES, **more)


def ask_matrix(**more):
    return matrix(ROADS, HOMES, PLACES, **more)


def ask_everywhere(**more):
    return everywhere(ROADS, PLACES, **more)


def ask_paths(**more):
    return paths(ROADS, HOMES, PLACES, **more)


@pytest.mark.parametrize("ask", [ask_times, ask_nearest, ask_matrix, ask_everywhere, ask_paths])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "boat"),
        ("walking_kmh", -4.0),
        ("walking_kmh", 0.0),
        ("walking_kmh", math.nan),
        ("snap_limit_m", 0.0),
        ("snap_limit_m", math.nan),
        ("cutoff_min", -1.0),
        ("cutoff_min", math.nan),
    ],
)
def test_numbers_that_cannot_be_are_refused_everywhere(ask, name, value):
    with pytest.raises(TableError, match=name):
        ask(**{name: value})


@pytest.mark.parametrize("ask", [ask_times, ask_nearest, ask_everywhere])
def test_misspelt_words_are_refused(ask):
    with pytest.raises(TableError, match="to_place or to_demand, not to_plcae"):
        ask(direction="to_plcae")
    with pytest.raises(TableError, match="engine must be"):
        ask(engine="quick")


def series(shapes, index, crs=CRS):
    return gpd.GeoSeries(shapes, index=index, crs=crs)


def test_points_are_told_apart():
    with pytest.raises(TableError, match="more than once: a"):
        checked_points(series([Point(0, 0)] * 2, ["a", "a"]), CRS)
    with pytest.raises(TableError, match="no points: b"):
        checked_points(series([Point(0, 0), box(0, 0, 1, 1)], ["a", "b"]), CRS)
    with pytest.raises(TableError, match="no CRS"):
        checked_points(series([Point(0, 0)], ["a"], None), CRS)
    with pytest.raises(TableError, match="to_crs"):
        checked_points(series([Point(0, 0)], ["a"], "EPSG:4326"), CRS)


def test_points_without_a_place_are_unsnapped_and_numbers_are_ids():
    odd = series([Point(at(0, 0)), None, Point(), Point(math.nan, math.nan)], [7, 8, 9, 10])
    found = matrix(ROADS, odd, PLACES)
    assert found.state["p"].to_dict() == {
        "7": "reached",
        "8": "unsnapped",
        "9": "unsnapped",
        "10": "unsnapped",
    }
    table = nearest(ROADS, PLACES, odd)
    assert table["place_id"].tolist() == ["7"]
    assert nearest(ROADS, odd, PLACES)["state"].tolist() == ["reached"] + ["unsnapped"] * 3
    assert everywhere(ROADS, odd)["place_id"].tolist() == ["7", "7"]
    shapes = isochrones(ROADS, odd, (5,))
    assert shapes["state"].tolist()[1:] == ["unsnapped"] * 3


def test_heights_are_left_out():
    high = series([Point(*at(500, 0), 120.0)], ["h"])
    way = paths(ROADS, high, PLACES).iloc[0]
    assert way["time_min"] == pytest.approx(0.5)
