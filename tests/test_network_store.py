"""Networks that are stored: what comes back, when it is used again, and when it must not be."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from network_cases import homes, network, road, sites
from shapely.affinity import translate

from ruralcare import inputs
from ruralcare.errors import Fault
from ruralcare.language import Bilingual, Message, Verbatim
from ruralcare.network import matrix, reading, store
from ruralcare.network.columns import from_bytes, open_columns, texts, to_bytes, write_columns
from ruralcare.network.engine import prepare
from ruralcare.network.graph import road_graph
from ruralcare.network.reading import read_roads
from ruralcare.network.retelling import retell, tell
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import Reading

NODES = {"A": (0, 0), "B": (1000, 0), "C": (2000, 500), "D": (0, 3000)}


def small():
    edges = [
        road("A", "B", oneway=True, via=[(500, 40)]),
        road("B", "C", speed_kmh=30),
        road("C", "A", road_class="motorway"),
    ]
    return network(NODES, edges)


# --- arrays ---------------------------------------------------------------------------------------


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "whole": np.arange(5, dtype=np.int32),
        "none": np.zeros(0),
        "flags": np.array([True, False, True]),
        "names": texts(pd.Series(["가", "b", "", "가"])),
    }
    path = tmp_path / "made" / "x.arrow"
    write_columns(path, arrays, {"title": "한들"})
    for stored in (open_columns(path), from_bytes(to_bytes(arrays, {"title": "한들"}))):
        assert stored.about == {"title": "한들"}
        assert stored.array("whole").tolist() == [0, 1, 2, 3, 4]
        assert stored.array("whole").dtype == np.int32
        assert len(stored.array("none")) == 0
        assert stored.flags("flags").tolist() == [True, False, True]
        assert stored.words("names").tolist() == ["가", "b", "", "가"]
    assert [one.name for one in path.parent.iterdir()] == ["x.arrow"]


def test_a_file_that_could_not_be_written_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="1-dimensional"):
        write_columns(tmp_path / "x.arrow", {"bad": np.zeros((2, 2))}, {})
    assert list(tmp_path.iterdir()) == []


# --- messages -------------------------------------------------------------------------------------


def test_what_was_told_is_told_again():
    inner = Message("{count} ways", count=np.int64(3))
    fault = Fault(inner, Verbatim("a {brace}"), file="x", row=3, value="<b>")
    told = (
        Message("Uses {what}.", what=inner),
        Bilingual("방문요양", "Home-visit care"),
        Reading("도로.pbf", Message("Roads"), "PBF", 10, 9, as_of="2026-11", remarks=(fault,)),
    )
    again = retell(tell(told))
    assert again == told
    assert [type(one) for one in again] == [type(one) for one in told]
    assert again[1].render("ko") == "방문요양"
    assert again[2].remarks[0].render("en") == fault.render("en")


# --- networks -------------------------------------------------------------------------------------


def test_a_network_and_its_graph_come_back(tmp_path):
    roads = small()
    path = tmp_path / "net.arrow"
    store.save(path, roads)
    again = store.load(path)
    assert_geodataframe_equal(again.edges, roads.edges, check_like=True)
    assert_geodataframe_equal(again.nodes, roads.nodes)
    pd.testing.assert_frame_equal(again.pieces[list(roads.pieces)], roads.pieces, check_dtype=False)
    one, two = road_graph(roads), road_graph(again)
    for name in ("strong_part", "edge", "edge_key", "usable", "oneway"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert np.array_equal(one.forward.key, two.forward.key)
    assert not two.forward.key.flags.writeable  # it is mapped, not read


@pytest.mark.parametrize("engine", ["plain", "buckets", "hierarchy"])
def test_a_stored_network_gives_the_same_times(tmp_path, engine):
    roads = small()
    store.save(tmp_path / "net.arrow", roads)
    points, places = homes({"a": (300, 10), "d": (0, 2900)}), sites({"p": (1500, 200)})
    expected = matrix(roads, points, places)
    found = matrix(store.load(tmp_path / "net.arrow"), points, places, engine=engine)
    pd.testing.assert_frame_equal(found.minutes, expected.minutes)
    pd.testing.assert_frame_equal(found.state, expected.state)


def test_what_is_prepared_is_stored_with_the_graph(tmp_path):
    path = tmp_path / "net.arrow"
    store.save(path, small())
    first = road_graph(store.load(path))
    assert first.kept.hierarchy is None
    prepare(first)
    second = road_graph(store.load(path))
    assert second.kept.hierarchy is not None
    assert np.array_equal(second.kept.hierarchy.order, first.kept.hierarchy.order)
    sent = store.graph_from_bytes(store.graph_to_bytes(first))
    assert np.array_equal(sent.kept.hierarchy.order, first.kept.hierarchy.order)
    assert np.array_equal(sent.forward.head, first.forward.head)


# --- scenarios ------------------------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path, root) -> Scenario:
    """A copy of the demo county that may be changed."""
    shutil.copytree(root / "data", tmp_path / "data")
    return Scenario.read(tmp_path / "data" / "scenarios" / "demo.toml")


@pytest.fixture
def counted(monkeypatch):
    """Counts how often a network is built."""
    calls = []
    build = reading.build_network

    def counting(*given, **named):
        calls.append(1)
        return build(*given, **named)

    monkeypatch.setattr(reading, "build_network", counting)
    return calls


def stored_files(settings: Settings) -> list[Path]:
    return sorted((settings.cache_dir / "networks").glob("*.arrow"))


def test_the_same_inputs_are_built_once(demo, tmp_path, counted):
    settings = Settings(cache_dir=tmp_path / "cache")
    first = read_roads(demo, settings=settings)
    second = read_roads(demo, settings=settings)
    assert len(counted) == 1
    assert_geodataframe_equal(first.edges, second.edges)
    assert first.notes == second.notes
    assert first.readings == second.readings
    assert first.land.equals(second.land)
    assert len(stored_files(settings)) == 1


def test_slower_roads_make_another_network(demo, tmp_path, counted):
    settings = Settings(cache_dir=tmp_path / "cache")
    slower = demo.model_copy(update={"roads": demo.roads.model_copy(update={"speed_factor": 0.65})})
    again = read_roads(demo, settings=settings)
    roads = read_roads(slower, settings=settings)
    assert len(counted) == 2
    by_car = roads.edges["kind"] == "road"
    ratio = again.edges.loc[by_car, "time_min"] / roads.edges.loc[by_car, "time_min"]
    assert ratio.to_numpy() == pytest.approx(0.65)


def _moved(geometry):
    moved = geometry.copy()
    moved.iloc[0] = translate(moved.iloc[0], 1.0)
    return moved


def _town(scenario, towns, points, places):
    frame = towns.frame.set_geometry(_moved(towns.frame.geometry))
    return scenario, replace(towns, frame=frame), points, places


def _seat(scenario, towns, points, places):
    return scenario, replace(towns, frame=towns.frame.assign(seat=_moved(towns.frame["seat"]))), (
        points
    ), places  # fmt: skip


def _around(scenario, towns, points, places):
    shape = towns.frame.geometry.iloc[:1].translate(90_000).set_axis(["9999999999"])
    around = towns.frame.iloc[:1].set_axis(shape.index).set_geometry(shape)
    around.index.name = towns.frame.index.name
    return scenario, replace(towns, around=around), points, places


def _point(scenario, towns, points, places):
    frame = points.frame.set_geometry(_moved(points.frame.geometry))
    return scenario, towns, replace(points, frame=frame), places


def _place(scenario, towns, points, places):
    return scenario, towns, points, _moved(places)


def _no_places(scenario, towns, points, places):
    return scenario, towns, points, None


def _limit(scenario, towns, points, places):
    travel = scenario.travel.model_copy(update={"snap_limit_m": 1500.0})
    return scenario.model_copy(update={"travel": travel}), towns, points, places


def _gap(scenario, towns, points, places):
    roads = scenario.roads.model_copy(update={"water_gap_m": 250.0})
    return scenario.model_copy(update={"roads": roads}), towns, points, places


def _road_file(scenario, towns, points, places):
    file = scenario.resolve(scenario.roads.file)
    file.write_bytes(file.read_bytes() + b"\0")
    return scenario, towns, points, places


@pytest.mark.parametrize(
    "change", [_town, _seat, _around, _point, _place, _no_places, _limit, _gap, _road_file]
)
def test_whatever_the_network_is_made_from_makes_another(demo, tmp_path, change):
    """The name under which a network is stored changes with each of its inputs."""
    towns = inputs.read_townships(demo)
    points = inputs.read_demand_points(demo, towns)
    places = inputs.read_places(demo, towns).points
    given = (demo, towns, points, places)
    settings = Settings(cache_dir=tmp_path)

    def name(scenario, towns, points, places):
        return reading._stored(scenario, towns, points, places, None, settings)

    before = name(*given)
    assert name(*given) == before
    assert name(*change(*given)) != before


def test_of_a_file_the_content_counts(tmp_path):
    one, two = tmp_path / "a.pbf", tmp_path / "b.pbf"
    one.write_bytes(b"roads")
    two.write_bytes(b"roads")
    assert store.fingerprint([one, b"x"]) == store.fingerprint([two, b"x"])
    assert store.fingerprint([one, b"x"]) != store.fingerprint([one, b"y"])
    two.write_bytes(b"roads.")
    assert store.fingerprint([one, b"x"]) != store.fingerprint([two, b"x"])
    # Where one part ends and the next begins matters.
    assert store.fingerprint([b"ab", b"c"]) != store.fingerprint([b"a", b"bc"])


def test_a_damaged_stored_network_is_built_anew(demo, tmp_path, counted):
    settings = Settings(cache_dir=tmp_path / "cache")
    first = read_roads(demo, settings=settings)
    (file,) = stored_files(settings)
    for content in (b"", b"ARROW1\0\0nothing", file.read_bytes()[:20_000]):
        file.write_bytes(content)
        again = read_roads(demo, settings=settings)
        assert_geodataframe_equal(first.edges, again.edges)
    assert len(counted) == 4


def test_the_stored_graph_and_hierarchy_are_used(demo, tmp_path, monkeypatch):
    settings = Settings(cache_dir=tmp_path / "cache")
    prepare(road_graph(read_roads(demo, settings=settings)))

    def no_second(*given, **named):
        raise AssertionError("the graph was built a second time")

    monkeypatch.setattr("ruralcare.network.graph._graph", no_second)
    monkeypatch.setattr("ruralcare.network.search.hierarchy.contract", no_second)
    graph = road_graph(read_roads(demo, settings=settings))
    assert graph.kept.hierarchy is not None
    prepare(graph)


def test_a_damaged_hierarchy_is_put_away_and_the_network_used(demo, tmp_path, counted):
    settings = Settings(cache_dir=tmp_path / "cache")
    prepare(road_graph(read_roads(demo, settings=settings)))
    (file,) = (settings.cache_dir / "networks").glob("*.hierarchy.arrow")
    file.write_bytes(file.read_bytes()[:1000])
    assert road_graph(read_roads(demo, settings=settings)).kept.hierarchy is None
    assert not file.exists()
    assert len(counted) == 1


def test_a_hierarchy_that_cannot_be_stored_costs_only_time(tmp_path, monkeypatch):
    path = tmp_path / "net.arrow"
    store.save(path, small())
    graph = road_graph(store.load(path))

    def full(*given, **named):
        raise OSError("no space left")

    monkeypatch.setattr(store, "write_columns", full)
    assert prepare(graph) is graph.kept.hierarchy
    assert [file.name for file in tmp_path.iterdir()] == ["net.arrow"]


def test_edges_that_are_changed_make_another_graph():
    roads = small()
    points, places = homes({"a": (300, 10)}), sites({"p": (1500, 200)})
    before = matrix(roads, points, places).minutes.iloc[0, 0]
    first = road_graph(roads)
    assert road_graph(roads) is first
    roads.edges["time_min"] *= 2
    after = matrix(roads, points, places).minutes.iloc[0, 0]
    assert after > 1.2 * before
    roads.edges.loc[2, "road_class"] = "residential"
    on_foot = road_graph(roads, mode="foot")
    roads.edges.loc[2, "road_class"] = "motorway"
    assert road_graph(roads, mode="foot") is not on_foot


def test_a_cache_that_cannot_be_written_costs_only_time(demo, tmp_path, counted):
    (tmp_path / "cache").write_text("a file where the folder should be")
    settings = Settings(cache_dir=tmp_path / "cache")
    told = []
    for _ in range(2):
        read_roads(demo, settings=settings, progress=lambda step, done=None: told.append(step))
    assert len(counted) == 2
    assert "cannot be kept" in told[-1].render("en")


def test_only_the_networks_used_last_are_kept(tmp_path):
    for age, name in enumerate("abcd"):
        store.save(tmp_path / f"{name}.arrow", small())
        if name != "c":
            prepare(road_graph(store.load(tmp_path / f"{name}.arrow")))
        for file in tmp_path.glob(f"{name}.*"):
            os.utime(file, (1000 + age, 1000 + age))
    store.touch(tmp_path / "a.arrow")
    store.forget_old(tmp_path, 2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "a.arrow",
        "a.hierarchy.arrow",
        "d.arrow",
        "d.hierarchy.arrow",
    ]
