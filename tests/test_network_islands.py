"""Parts of the network: islands, ferries, holes, and who lives there."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from network_cases import CRS, at, ferry, network, road
from shapely.geometry import Point, box
from test_network_proxy import county

from ruralcare.network.connection import connections, road_parts
from ruralcare.network.islands import islands
from ruralcare.network.proxy import build_proxy
from ruralcare.scenario import Ferry, RoadsSource, Scenario
from ruralcare.types import (
    Cooperatives,
    DemandPoints,
    Facilities,
    Places,
    Population,
    Townships,
)

LANDS = {
    "M": box(0, 0, 20_000, 10_000),
    "N": box(20_000, 0, 30_000, 10_000),
    "I": box(0, 20_000, 10_000, 25_000),
    "J": box(20_000, 20_000, 22_000, 22_000).union(box(25_000, 20_000, 26_000, 21_000)),
}
VILLAGES = {
    "m": (5000, 100, "M"), "n": (25_000, 100, "N"), "hole": (29_000, 9000, "N"),
    "i": (5000, 22_000, "I"), "far": (500, 24_900, "I"),
    "j": (21_000, 21_000, "J"), "k": (25_500, 20_500, "J"),
}  # fmt: skip
PERSONS = {"M": 1000, "N": 200, "I": 80, "J": 30}


def people(points):
    frame = pd.DataFrame(
        [(town, 2023, "female", "75-79", count) for town, count in PERSONS.items()],
        columns=["township_id", "year", "sex", "age_group", "persons"],
    )
    return Population(frame, points, {2023: "2023-10"})


def roads(*boats):
    """A coast road, a cut-off road, a road on I and one on each part of J."""
    nodes = {
        "a": (0, 0), "b": (10_000, 0), "c": (30_000, 0), "x": (28_500, 9000), "y": (29_500, 9000),
        "p": (4000, 22_000), "q": (6000, 22_000), "s": (20_500, 21_000), "t": (21_500, 21_000),
        "sea": (8000, 15_000), "g": (25_200, 20_500), "h": (25_800, 20_500),
    }  # fmt: skip
    edges = [road("a", "b"), road("b", "c"), road("x", "y"), road("p", "q"), road("s", "t"),
             road("g", "h")]  # fmt: skip
    used = {name for edge in [*edges, *boats] for name in (edge["u"], edge["v"])}
    return network({name: place for name, place in nodes.items() if name in used}, [*edges, *boats])


def care(where):
    """Institutions {id: (x, y, services)}."""
    frame = gpd.GeoDataFrame(
        {"name": list(where), "kind": "day_care", "operator_id": list(where), "township_id": "",
         "address": "", "location_precision": "point"},
        geometry=[Point(at(x, y)) for x, y, _ in where.values()],
        index=pd.Index(list(where), name="facility_id"),
        crs=CRS,
    )  # fmt: skip
    offers = pd.DataFrame(
        [(one, service) for one, (_, _, services) in where.items() for service in services],
        columns=["facility_id", "service"],
    )
    offers = offers.assign(capacity_persons=pd.array([None] * len(offers), "Float64"))
    none = pd.DataFrame({"facility_id": [], "name": [], "address": [], "reason": []}).astype(str)
    coops = gpd.GeoDataFrame(
        {"name": [], "operator_id": [], "township_id": [], "willing": np.zeros(0), "address": [],
         "location_precision": []},
        geometry=gpd.GeoSeries([], crs=CRS), index=pd.Index([], name="coop_id", dtype=str),
    )  # fmt: skip
    for name in ("name", "operator_id", "township_id", "address", "location_precision"):
        coops[name] = coops[name].astype(str)
    return Places(
        Facilities(frame, offers.assign(capacity_basis="unknown"), none),
        Cooperatives(coops, none.rename(columns={"facility_id": "coop_id"})),
    )


def test_every_part_has_its_people_institutions_and_link_by_hand():
    towns, points = county(LANDS, VILLAGES)
    net = roads(ferry("p", "sea", 20), ferry("sea", "b", 15), ferry("t", "q", 40))
    places = care(
        {"f": (5000, 0, ["day_care"]), "g": (21_000, 21_000, ["day_care", "home_visit_care"])}
    )
    table = islands(net, towns, people(points), places, snap_limit_m=2000).set_index("name")
    # Half of I, J and N each: no township most of whose people live there, so the villages' names.
    assert table.index.tolist() == ["x", "hole", "far", "i", "j", "k"]
    assert table["persons"].sum() == pytest.approx(sum(PERSONS.values()))
    assert table["island"].tolist() == list(range(1, len(table) + 1))
    main = table.iloc[0]
    assert (main["link"], main["persons"], main["road_km"]) == ("main", 1100, 30)
    assert (main["institutions"], main["institutions_day_care"]) == (1, 1)
    hole = table.loc["hole"]
    # Half of N lives on a road without a link: on the same piece of land, so a hole in the data.
    assert (hole["link"], hole["persons"], hole["land"]) == ("none", 100, main["land"])
    island = table[table["link"] == "ferry"]
    assert island["persons"].tolist() == [40, 15]
    assert island["ferry_min"].tolist() == [35, 75]
    assert island["landing"].tolist() == ["M면", "M면"]
    assert island["road_km"].tolist() == [2, 1]
    assert island["institutions_home_visit_care"].tolist() == [0, 1]
    assert len({main["land"], *island["land"]}) == 3
    lost = table.loc["far"]
    assert (lost["link"], lost["persons"], lost["road_km"]) == ("unsnapped", 40, 0)
    assert lost["land"] == island["land"].iloc[0]
    assert pd.isna(lost["ferry_min"])
    assert table.loc["k", "link"] == "none"


def test_without_boats_an_island_is_linked_to_nothing():
    towns, points = county(LANDS, VILLAGES)
    table = islands(roads(), towns, people(points))
    assert set(table["link"]) == {"main", "none", "unsnapped"}
    assert table["ferry_min"].isna().all()
    assert (table["landing"] == "").all()
    assert (table["institutions"] == 0).all()


@pytest.mark.parametrize("quickest_first", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_boats_the_quicker_counts(quickest_first, turned):
    towns, points = county(LANDS, VILLAGES)
    slow, fast = ferry("p", "b", 50), ferry("c", "q", 30) if turned else ferry("q", "c", 30)
    boats = (fast, slow) if quickest_first else (slow, fast)
    table = islands(roads(*boats), towns, people(points)).set_index("name")
    # The slow one lands in M, the quick one in N.
    assert table.loc["i", "ferry_min"] == 30
    assert table.loc["i", "landing"] == "N면"
    # A way over another island may be quicker than a boat to the coast.
    more = (*boats, ferry("s", "b", 90), ferry("t", "p", 40), ferry("q", "s", 45))
    table = islands(roads(*more), towns, people(points)).set_index("name")
    assert table.loc["j", "ferry_min"] == 70
    assert table.loc["j", "landing"] == "N면"


def test_the_main_part_has_most_people_then_most_road():
    nodes = {name: (1000 * k, 0) for k, name in enumerate("abcdefgh")}
    net = network(nodes, [road("a", "b"), road("c", "d", via=[(2000, 4000)]), ferry("b", "c", 5),
                          road("f", "e"), road("g", "f")])  # fmt: skip
    parts = road_parts(net)
    assert parts.of_node.tolist() == [0, 0, 1, 1, 2, 2, 2, 3]
    lengths = net.edges["length_m"]
    assert parts.length_m == pytest.approx([1000, lengths[1], 2000, 0])
    homes = np.array([0, 0, 1, 2, -1])
    # Those on no part do not count, nor does NA.
    assert parts.main(homes, np.array([3.0, 3, 5, 4, 99])) == 0
    assert parts.main(homes, np.array([3.0, np.nan, 5, 4, 99])) == 1
    # As many on two parts, but for rounding: the one with more road.
    assert parts.main(homes, np.array([0.1, 0.2, 0, 0.3, 0])) == 2
    assert parts.main(homes, np.zeros(5)) == 1
    boat = road_parts(network({"a": (0, 0), "b": (9, 0)}, [ferry("a", "b", 1)]))
    assert boat.main(np.zeros(0, int), np.zeros(0)) == 0


# A long road through the hills with few people, and a town with one short street.
HILLS = {"H": box(0, 0, 30_000, 9000), "G": box(0, 9000, 30_000, 20_000),
         "T": box(0, 20_000, 9000, 29_000)}  # fmt: skip
HAMLETS = {"h": (5000, 100, "H"), "g": (5000, 9100, "G"), "t": (500, 25_000, "T"),
           "u": (700, 25_000, "T")}  # fmt: skip


def hills():
    """The roads of the hills and of the town, 10 minutes apart by ferry."""
    return network(
        {"a": (5000, 0), "b": (5000, 20_000), "c": (29_000, 20_000), "d": (0, 25_000),
         "e": (1000, 25_000)},
        [road("a", "b"), road("b", "c"), road("d", "e"), ferry("b", "d", 10)],
    )  # fmt: skip


def counted(points, persons):
    frame = people(points).frame.iloc[: len(persons)]
    frame = frame.assign(township_id=list(persons), persons=list(persons.values()))
    return Population(frame, points, {2023: "2023"})


def test_a_town_with_one_street_is_main_if_most_people_live_there():
    towns, points = county(HILLS, HAMLETS)
    population = counted(points, {"H": 150, "G": 200, "T": 900})
    table = islands(hills(), towns, population)
    assert table["link"].tolist() == ["main", "ferry"]
    assert table["persons"].tolist() == [900, 350]
    assert table["road_km"].tolist() == [1, 44]
    assert table["landing"].tolist() == ["", "T면"]
    link = connections(hills(), towns, points, persons=population.totals())
    assert link.to_dict() == {"H": "ferry", "G": "ferry", "T": "road"}
    # Of townships that count the same, two live in the hills.
    link = connections(hills(), towns, points)
    assert link.to_dict() == {"H": "road", "G": "road", "T": "ferry"}
    # A township that nobody is told of has nobody.
    link = connections(hills(), towns, points, persons=pd.Series({"T": 1}))
    assert link["T"] == "road"


def test_with_as_many_people_the_part_with_more_road_is_main():
    towns, points = county(HILLS, HAMLETS)
    population = counted(points, {"H": 150, "G": 200, "T": 350})
    table = islands(hills(), towns, population)
    assert table["road_km"].tolist() == [44, 1]
    link = connections(hills(), towns, points, persons=population.totals())
    assert link.to_dict() == {"H": "road", "G": "road", "T": "ferry"}


@pytest.mark.parametrize("seed", range(8))
def test_main_is_the_row_with_most_people_and_nobody_is_lost(seed):
    rng = np.random.default_rng(seed)
    towns, points = county(LANDS, VILLAGES)
    population = counted(points, dict(zip(LANDS, rng.integers(1, 1000, 4).tolist(), strict=True)))
    table = islands(roads(ferry("p", "b", 20)), towns, population)
    assert table["persons"].sum() == pytest.approx(population.totals().sum())
    assert table["link"].eq("main").tolist() == [True] + [False] * (len(table) - 1)
    on = table[table["link"] != "unsnapped"]
    assert table["persons"][0] == pytest.approx(on["persons"].max())
    assert table["persons"][1:].is_monotonic_decreasing


def test_an_island_is_called_after_its_townships():
    lands = {"A": box(0, 0, 9000, 9000), "B": box(20_000, 0, 25_000, 9000),
             "C": box(25_000, 0, 29_000, 9000)}  # fmt: skip
    villages = {"a": (1000, 100, "A"), "b": (21_000, 100, "B"), "c": (26_000, 100, "C")}
    towns, points = county(lands, villages)
    frame = people(points).frame.assign(township_id=["A", "B", "C", "C"]).iloc[:3]
    net = network(
        {"a": (0, 0), "b": (9000, 0), "c": (20_000, 0), "d": (27_000, 0)},
        [road("a", "b"), road("c", "d"), ferry("b", "c", 25)],
    )
    table = islands(net, towns, Population(frame, points, {2023: "2023"}))
    assert table["name"].tolist() == ["x", "B면, C면"]
    assert table["ferry_min"].tolist() == [pd.NA, 25]
    assert table["persons"].tolist() == [1000, 280]


def test_an_institution_alone_on_a_part_has_a_row():
    towns, points = county(LANDS, {name: VILLAGES[name] for name in ("m", "n", "i", "j")})
    table = islands(roads(), towns, people(points), care({"f": (25_500, 20_500, ["day_care"])}))
    last = table.iloc[-1]
    assert (last["persons"], last["institutions"], last["link"]) == (0, 1, "none")
    assert table["institutions"].sum() == 1


def test_a_part_with_institutions_only_is_called_after_their_townships():
    lands = {"A": box(0, 0, 9000, 9000), "B": box(9000, 0, 18_000, 9000)}
    both, points = county(lands, {"a": (1000, 100, "A"), "b": (17_000, 100, "B")})
    towns = Townships(both.frame.loc[["A"]], "2023", around=both.frame.loc[["B"]])
    points = DemandPoints(points.frame.loc[["a"]], "villages")
    net = network(
        {"a": (0, 0), "b": (3000, 0), "c": (5000, 8000), "d": (7000, 8000), "e": (12_000, 8000),
         "f": (16_000, 8000), "g": (40_000, 0), "h": (42_000, 0)},
        [road("a", "b"), road("c", "d"), road("e", "f"), road("g", "h")],
    )  # fmt: skip
    places = care({
        "own": (6000, 8100, ["day_care"]),
        # Just beyond the far side of the neighbour.
        "next": (15_000, 9100, ["day_care"]),
        "again": (13_000, 8000, ["day_care"]),
        "away": (41_000, 0, ["day_care"]),
        "also": (41_000, 10, ["day_care"]),
        "lost": (80_000, 0, ["day_care"]),
    })  # fmt: skip
    population = counted(points, {"A": 10})
    table = islands(net, towns, population, places, snap_limit_m=2000)
    told = table.set_index("name")[["persons", "institutions"]].to_dict("index")
    assert told == {
        "x": {"persons": 10, "institutions": 0},
        "A면": {"persons": 0, "institutions": 1},
        "B면": {"persons": 0, "institutions": 2},
        "away": {"persons": 0, "institutions": 2},
        "lost": {"persons": 0, "institutions": 1},
    }
    assert table["link"].value_counts().to_dict() == {"none": 3, "main": 1, "unsnapped": 1}


def test_a_boat_may_land_in_a_neighbouring_township():
    both, points = county(LANDS, VILLAGES)
    towns = Townships(both.frame.loc[["M", "I", "J"]], "2023", around=both.frame.loc[["N"]])
    points = DemandPoints(points.frame[points.frame["township_id"] != "N"], "villages")
    population = counted(points, {"M": 1000, "I": 80, "J": 30})
    table = islands(roads(ferry("p", "c", 50)), towns, population)
    assert table.set_index("name").loc["i", "landing"] == "N면"


@pytest.mark.integration
def test_real_islands_of_three_counties(shared_data, scenarios):
    from ruralcare.inputs import read_population, read_townships

    scenario = Scenario.read(scenarios / "jeonnam_three_counties.toml")
    towns = read_townships(scenario)
    population = read_population(scenario, towns)
    rules = scenario.roads
    table = islands(build_proxy(towns, population.points, rules), towns, population)
    assert table["persons"].sum() == pytest.approx(population.totals().sum())
    assert set(table["name"][1:]) == {"예락리", "신기리"}
    assert table["persons"].iloc[1] >= table["persons"].iloc[2] > 0
    assert "해남군" in table["name"].iloc[0]
    assert table["link"].tolist() == ["main", "none", "none"]
    boat = Ferry(from_township="송지면", to_township="문내면", crossing_min=30, headway_min=60)
    with_boat = RoadsSource(**{**rules.model_dump(), "ferries": [boat.model_dump()]})
    again = islands(build_proxy(towns, population.points, with_boat), towns, population)
    assert again["persons"].tolist() == table["persons"].tolist(), "a boat along the coast"
