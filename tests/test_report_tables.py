"""Tables and GeoPackage of a run."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import report_cases as cases

from ruralcare.report import tables, write_geopackage


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cases.results(tmp_path_factory.mktemp("small"))


def test_townships(results):
    frame = tables(results)["townships"]
    first = ["township_id", "name", "sigungu_id"]
    assert frame.columns[:3].tolist() == first
    assert {"population", "population_65plus", "extinction_index"} <= set(frame.columns)
    rows = frame.set_index("township_id")
    assert rows.loc["b", "population"] == 500
    assert rows.loc["b", "population_65plus"] == 400
    assert rows.loc["b", "extinction_index"] == pytest.approx(0.25)


def test_access_has_a_row_for_every_stage(results):
    frame = tables(results)["access"]
    assert len(frame) == 3 * 2 * 4
    assert sorted(set(frame["period"])) == [0, 1, 2]
    assert dict(zip(frame["period"], frame["year"], strict=True)) == {0: 2023, 1: 2027, 2: 2028}
    row = frame.set_index(["period", "township_id", "service"]).loc[(2, "c", "day_care")]
    assert row["nearest_min"] == 4


def test_openings_and_coverage(results):
    made = tables(results)
    openings = made["openings"]
    assert openings["site_id"].tolist() == ["k1", "k1"]
    assert openings["site_name"].tolist() == ["다솔농협", "다솔농협"]
    assert openings["period"].tolist() == [1, 2]
    assert openings["capital_mkrw"].sum() == 510
    coverage = made["coverage"].groupby(["period", "service"])["served_persons"].sum()
    assert coverage[0, "home_visit_care"] == pytest.approx(40)
    assert coverage[1, "home_visit_care"] == pytest.approx(70)
    assert coverage[2, "day_care"] == pytest.approx(29.6)
    assert made["need"]["reasons"].tolist()[2] == "too_far"


def test_tables_hold_plain_values_without_the_index(results):
    for frame in tables(results).values():
        assert isinstance(frame.index, pd.RangeIndex)
        for column in frame.columns:
            kinds = {type(value).__name__ for value in frame[column].dropna()}
            assert kinds <= {"str", "int", "float", "bool", "int64", "float64", "bool_"}


def test_every_table_says_whether_roads_are_stand_ins(results, tmp_path):
    for frame in tables(results).values():
        assert not frame["proxy"].any()
    for name, frame in tables(cases.results(tmp_path, proxy=True)).items():
        # The times of the small region are given, and rest on no road.
        assert frame["proxy"].all() != (name == "access")


def test_a_shorter_run_gives_fewer_tables(tmp_path):
    measured = {"townships", "access", "islands", "closures", "equity"}
    assert set(tables(cases.results(tmp_path, until="access"))) == measured
    assessed = measured | {"need", "evidence", "outlook", "typology", "counties", "composite"}
    assert set(tables(cases.results(tmp_path, until="need"))) == assessed


def test_the_islands_hold_everybody(results):
    table = tables(results)["islands"]
    assert table["persons"].sum() == tables(results)["townships"]["population"].sum()
    assert table["institutions"].sum() == 2
    # A road of 5 km from a to b; c lies too far from it, and d at the end of the ferry has none.
    assert table["link"].tolist() == ["main", "unsnapped"]
    assert table["persons"].tolist() == [1500, 500]
    assert table["road_km"].tolist() == [5.0, 0.0]


def test_the_geopackage_holds_layers_and_is_the_same_each_time(results, tmp_path):
    first = write_geopackage(results, tmp_path / "one.gpkg")
    second = write_geopackage(results, tmp_path / "two.gpkg")
    assert first.read_bytes() == second.read_bytes()
    layers = [name for name, _ in pyogrio.list_layers(first)]
    assert layers == [
        "townships",
        "demand_points",
        "facilities",
        "cooperatives",
        "openings",
        "roads",
    ]
    towns = gpd.read_file(first, layer="townships").set_index("township_id")
    assert towns.crs == cases.CRS
    assert towns.loc["c", "nearest_min_home_visit_care_today"] == 25
    assert towns.loc["c", "nearest_min_home_visit_care_final"] == 4
    assert towns.loc["a", "geometry"].area == pytest.approx(25e6)
    openings = gpd.read_file(first, layer="openings")
    assert openings.geometry.iloc[0].equals(results.places.cooperatives.points["k1"])
