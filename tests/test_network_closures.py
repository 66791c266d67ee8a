"""Closing a road never helps anybody, whatever is estimated for roads that the data lack."""

from __future__ import annotations

import numpy as np
import pytest

from ruralcare import inputs
from ruralcare.network import matrix, read_roads
from ruralcare.scenario import Completion, Scenario
from ruralcare.settings import Settings


@pytest.fixture(scope="module")
def county(scenarios, tmp_path_factory):
    """The demo county, and a function that measures with some roads closed."""
    demo = Scenario.read(scenarios / "demo.toml")
    towns = inputs.read_townships(demo)
    points = inputs.read_demand_points(demo, towns)
    places = inputs.read_places(demo, towns).facilities.points
    settings = Settings(cache_dir=tmp_path_factory.mktemp("cache"))

    def roads(*, complete, **changes):
        changes |= {"complete": Completion() if complete else None}
        source = demo.roads.model_copy(update=changes)
        scenario = demo.model_copy(update={"roads": source})
        return read_roads(scenario, towns, points, settings, places=places)

    def minutes(network):
        return matrix(network, points.points, places).minutes.astype(float).fillna(np.inf)

    return roads, minutes


def busiest(network, count):
    """Ids of long roads of the data, a bridge among them."""
    real = network.edges[~network.edges["proxy"] & (network.edges["kind"] == "road")]
    long = real.sort_values("length_m", ascending=False)["source_id"].head(count)
    bridge = real[real["bridge"]].sort_values("length_m", ascending=False)["source_id"].head(1)
    return [*bridge, *long]


@pytest.mark.parametrize("complete", [False, True])
def test_closing_a_road_never_lowers_a_time(county, complete):
    roads, minutes = county
    whole = roads(complete=complete)
    before = minutes(whole)
    slower = 0
    for way in busiest(whole, 3):
        shut = roads(complete=complete, closed=(way,))
        assert way not in set(shut.edges["source_id"])
        after = minutes(shut)
        assert (after >= before - 1e-3).all(axis=None), way
        slower += int((after > before + 1e-3).sum().sum())
        # What is estimated is the same: a closure is no hole in the data.
        links, same = (one.edges[one.edges["proxy"]] for one in (shut, whole))
        assert links["length_m"].tolist() == same["length_m"].tolist()
    assert slower > 0


def test_no_advice_to_fill_what_was_closed(county):
    roads, _ = county
    whole = roads(complete=False)
    shut = roads(complete=False, closed=tuple(busiest(whole, 8)))
    assert "roads.complete" not in " ".join(note.render("en") for note in shut.notes)
