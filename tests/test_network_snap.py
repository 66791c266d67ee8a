"""Joining points to roads: water keeps them apart."""

from dataclasses import replace

import geopandas as gpd
import shapely
from network_cases import CRS, at, network, road
from shapely.geometry import Point, box

from ruralcare.network.reading import land_pieces
from ruralcare.network.snap import snap_points


def drawing(*, island_road: bool):
    """A mainland (x from 0 to 1,000 m), a sound of 600 m, and an island (1,600 to 2,600 m)."""
    nodes = {"a": (900, 0), "b": (900, 1000), "c": (2500, 0), "d": (2500, 1000)}
    edges = [road("a", "b")] + ([road("c", "d")] if island_road else [])
    used = nodes if island_road else {name: nodes[name] for name in "ab"}
    shores = [box(*at(0, -100), *at(1000, 1100)), box(*at(1600, -100), *at(2600, 1100))]
    roads = network(used, edges)
    return replace(roads, land=land_pieces(list(shores), 300.0))


def homes(*places):
    return gpd.GeoSeries([Point(at(x, y)) for x, y in places], crs=CRS)


def test_without_a_road_of_its_own_the_island_is_not_joined_across_the_sound():
    roads = drawing(island_road=False)
    snapped = snap_points(roads, homes((500, 500), (1700, 500)), limit_m=2000.0)
    assert snapped.ok.tolist() == [True, False]
    open_sea = snap_points(replace(roads, land=None), homes((1700, 500)), limit_m=2000.0)
    assert open_sea.ok.all(), "nothing known of land: the nearest road counts"


def test_the_islands_own_road_is_joined_though_the_mainlands_is_nearer():
    # The house is 700 m from the mainland road and 900 m from the island road.
    roads = drawing(island_road=True)
    snapped = snap_points(roads, homes((1600, 500)), limit_m=2000.0)
    assert snapped.distance_m.tolist() == [900.0]
    assert snapped.edge.tolist() == [1]


def test_a_road_outside_the_known_land_may_be_joined():
    roads = drawing(island_road=False)
    # 200 m beyond the inland border of the mainland: another county, not water.
    far = snap_points(roads, homes((-250, 500), (950, 500)), limit_m=2000.0)
    assert far.ok.tolist() == [True, True]


def test_a_bay_of_the_same_land_is_not_crossed_either():
    """A horseshoe: the house stands on one arm, the nearest road on the other, 600 m of bay off."""
    land = shapely.union_all(
        [box(*at(0, 0), *at(500, 2000)), box(*at(0, 0), *at(2000, 500)),
         box(*at(1100, 0), *at(2000, 2000))]
    )  # fmt: skip
    roads = network(
        {"a": (1200, 1000), "b": (1200, 1900), "c": (100, 100), "d": (400, 100)},
        [road("a", "b"), road("c", "d")],
    )
    roads = replace(roads, land=land_pieces([land], 300.0))
    snapped = snap_points(roads, homes((450, 1500)), limit_m=2000.0)
    assert snapped.edge.tolist() == [1], "the farther road on its own arm"


def test_narrow_water_does_not_count():
    shores = [box(*at(0, 0), *at(1000, 1000)), box(*at(1290, 0), *at(2000, 1000))]
    pieces = land_pieces(list(shores), 300.0)
    assert len(shapely.get_parts(pieces)) == 1
    assert len(shapely.get_parts(land_pieces(list(shores), 280.0))) == 2
