"""The chapter on who reaches what: states, islands, holes and points in the water."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import report_cases as cases

from ruralcare.report import document, map_page
from ruralcare.report.figures import Figures
from ruralcare.report.reach import island_rows, reach_rows
from ruralcare.report.subject import of_results
from ruralcare.types import Facilities, Places, RoadNetwork

# name, land, link, persons, institutions, road_km, ferry_min, landing
MAIN = ("한들군", 1, "main", 1000.0, 5, 300.0, None, "")
FERRY = ("묵도면", 2, "ferry", 700.0, 1, 20.0, 70.0, "해동읍")
APART = ("외딴면", 3, "none", 40.0, 0, 4.0, None, "")
SAME_LAND = ("보은읍", 1, "none", 160.0, 3, 40.0, None, "")
LOST = ("속리산면, 장안면", 1, "unsnapped", 90.0, 0, 0.0, None, "")
CLINIC = ("", 2, "unsnapped", 0.0, 2, 0.0, None, "")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cases.results(tmp_path_factory.mktemp("small"))


def _table(*rows) -> pd.DataFrame:
    names = ["name", "land", "link", "persons", "institutions", "road_km", "ferry_min", "landing"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(ferry_min=pd.array(frame["ferry_min"].tolist(), dtype="Float64"))


def _told(results, *rows, roads: RoadNetwork | None = None):
    subject = of_results(results).speaking("en")
    if roads is not None:
        subject = replace(subject, roads=roads)
    found = island_rows(_table(*rows), Figures(subject))
    return [row["link"] for row in found["rows"]], " ".join(found["sentences"]), found


def test_a_ferry_is_told_of_only_where_somebody_can_take_it(results):
    links, text, _ = _told(results, MAIN, FERRY, APART)
    assert links == ["Main network", "Linked by ferry only", "No link to the mainland network"]
    assert text == (
        "Parts that no road joins to the main network: 2, with a population of 740. "
        "Population of these parts that can take a ferry to the main network: 700."
    )
    assert "ferry" not in _told(results, MAIN, APART)[1]
    empty = (*FERRY[:3], 0.0, *FERRY[4:])
    assert "ferry" not in _told(results, MAIN, empty)[1]


def test_the_unsnapped_are_no_part(results):
    links, text, found = _told(results, MAIN, SAME_LAND, LOST, CLINIC)
    assert links[1:] == ["A hole in the road data"] + 2 * ["Too far from any road"]
    assert text == (
        "Parts that no road joins to the main network: 1, with a population of 160. "
        "Population too far from any road of the data: 90. "
        "Institutions too far from any road of the data: 2."
    )
    assert found["rows"][3]["name"] == "Institutions only"
    assert _told(results, MAIN, LOST)[1] == "Population too far from any road of the data: 90."


def test_without_road_data_there_is_no_hole_in_them(results):
    links, text, _ = _told(results, MAIN, SAME_LAND, APART, roads=cases.roads(proxy=True))
    assert links[1:] == [
        "In the water or off the shore by its coordinates",
        "No link to the mainland network",
    ]
    assert (
        "lie in the water or off the shore by their coordinates: 1, with a population of 160"
        in text
    )
    assert "Parts that no road joins to the main network: 1, with a population of 40." in text
    # Some estimated links are not all: the data have a hole still.
    some = cases.roads()
    some = replace(some, edges=some.edges.assign(proxy=[False, True]))
    assert _told(results, MAIN, SAME_LAND, roads=some)[0][1] == "A hole in the road data"


def test_a_lone_mainland_is_not_worth_a_table(results):
    assert _told(results, MAIN)[2]["rows"] == []
    assert _told(results)[2]["rows"] == []
    assert len(_told(results, LOST)[2]["rows"]) == 1
    assert island_rows(None, Figures(of_results(results)))["rows"] == []


@pytest.fixture
def unoffered(monkeypatch, tmp_path):
    """The same region where nobody offers day care."""
    given = cases.places

    def without(names):
        places = given(names)
        offers = places.facilities.offers
        kept = offers[offers["service"] != "day_care"].reset_index(drop=True)
        kind = places.facilities
        return Places(Facilities(kind.frame, kept, kind.unplaced), places.cooperatives)

    monkeypatch.setattr(cases, "places", without)
    return cases.results(tmp_path, until="need")


def test_where_nobody_offers_a_service_no_road_is_blamed(unoffered):
    figures = Figures(of_results(unoffered).speaking("en"))
    home, day = reach_rows(figures)
    assert home["note"] == ""
    assert day["note"] == "No institution of the area offers it"
    assert (day["unreachable"], day["proxy"]) == ("100.0", "–")
    text = document(unoffered, "en")
    assert "No place can be reached" in text
    assert "No road or ferry leads" not in text.split("Parameters of the scenario")[0]
    assert [one["offered"] for one in map_page(unoffered).data["services"]] == [[True], [False]]


def test_shares_of_a_row_are_by_hand(results):
    # People a 1000, b 500, c 300, d 200; home-visit care: half of d is beyond the hour.
    home, day = reach_rows(Figures(of_results(results).speaking("en")))
    assert [home[key] for key in ("covered", "far", "beyond", "unreachable", "unsnapped")] == [
        "75.0",
        "20.0",
        "5.0",
        "0.0",
        "0.0",
    ]
    assert (day["covered"], day["far"], day["unreachable"]) == ("75.0", "15.0", "10.0")
