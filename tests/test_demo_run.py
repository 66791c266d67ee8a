"""The main job on the demo county, through the command line's own functions."""

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from ruralcare import InputError, Scenario, delivery, run


@pytest.fixture(scope="module")
def results(scenarios):
    return run(Scenario.read(scenarios / "demo.toml"))


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    delivery.deliver(results, out)
    return out


def table(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv", dtype={"township_id": str})


def test_the_promised_files_are_there(folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    tables = {"townships", "access", "islands", "closures", "equity"}
    tables |= {"counties", "composite", "typology"}
    tables |= {"need", "evidence", "outlook", "sureness", "decisive", "ranks", "similar"}
    tables |= {"rules", "rule_targets", "rule_counties", "actors", "openings", "coverage"}
    promised = {"map.html", "report.html", "result.gpkg", "scenario.toml", "manifest.json"}
    promised |= {f"tables/{name}.{kind}" for name in tables for kind in ("csv", "parquet")}
    assert names == promised
    assert not [path for path in folder.parent.iterdir() if path != folder], "work files are gone"


def test_tables_open_in_excel_and_keep_zeros(folder):
    content = (folder / "tables" / "townships.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    frame = table(folder, "townships")
    needed = {
        "township_id",
        "name",
        "sigungu_id",
        "population",
        "population_65plus",
        "extinction_index",
    }
    assert needed <= set(frame.columns)
    assert len(frame) == 14
    for name in ("townships", "access", "need", "openings", "coverage"):
        stored = pd.read_parquet(folder / "tables" / f"{name}.parquet")
        assert list(stored.columns) == list(table(folder, name).columns)
        assert len(stored) == len(table(folder, name))


def test_parts_sum_to_the_whole(folder, results):
    towns, need, coverage = (table(folder, name) for name in ("townships", "need", "coverage"))
    assert towns["population"].sum() == results.people.totals().sum() == 47_978
    base = need[need["year"] == need["year"].min()]
    by_service = base.groupby("service")[["need_persons", "unmet_persons"]].sum()
    today = coverage[coverage["period"] == 0].groupby("service")[["need_persons", "served_persons"]]
    whole = today.sum()
    for service in by_service.index:
        assert whole.loc[service, "need_persons"] == pytest.approx(
            by_service.loc[service, "need_persons"], abs=0.2
        )
        met = by_service.loc[service, "need_persons"] - by_service.loc[service, "unmet_persons"]
        assert whole.loc[service, "served_persons"] == pytest.approx(met, abs=0.2)


def test_what_is_served_grows_with_the_stages(folder):
    coverage = table(folder, "coverage")
    totals = coverage.groupby("period")["served_persons"].sum()
    assert totals.is_monotonic_increasing
    assert totals.iloc[-1] > totals.iloc[0]


def test_the_plan_is_proven_and_checked(results, folder):
    plan = results.plan
    assert plan.verify() == ()
    told = json.loads((folder / "manifest.json").read_text("utf-8"))["plan"]
    assert told["objective"] == plan.objective <= told["bound"]
    assert told["relative_gap"] <= 0.01
    assert told["termination"] in {"optimal", "gap"}


def test_levels_are_climbed_in_order(results):
    opened = results.plan.openings.query("change == 'open'").astype({"period": int})
    operators = results.places.cooperatives.frame["operator_id"]
    first = opened.assign(operator=opened["site_id"].map(operators)).pivot_table(
        index="operator", columns="service", values="period", aggfunc="min"
    )
    running = results.places.facilities.frame["operator_id"]
    has_home_care = set(
        running[results.places.offers.query("service == 'home_visit_care'")["place_id"]]
    )
    for operator, row in first.iterrows():
        if pd.notna(row.get("day_care")) and operator not in has_home_care:
            assert row["home_visit_care"] < row["day_care"]


def test_refusing_co_operatives_open_nothing(results):
    willing = results.places.cooperatives.frame["willing"]
    assert (willing == 0).any()
    assert willing[results.plan.openings["site_id"]].min() >= 0.3


def test_islands_are_told_apart(results):
    facts = results.need.indicators.set_index("name")
    assert facts.loc["묵도면", "connection"] == "ferry"
    assert facts.loc["해담면", "connection"] == "road"
    # The islet of 율현면 has no road that leads anywhere: its village is in no other state.
    lost = results.access[0].points.query("state == 'unsnapped'")
    assert set(lost["township_id"]) == {_id(results, "율현면")}
    assert len(lost) == 3, "one village, three services"


def _id(results, name):
    names = results.townships.frame["name"]
    return names.index[names == name][0]


def test_the_same_run_gives_the_same_bytes(results, folder, scenarios, tmp_path):
    again = run(Scenario.read(scenarios / "demo.toml"))
    delivery.deliver(again, tmp_path / "out")

    def digests(path):
        return {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted((path / "tables").iterdir())
        }

    assert digests(folder) == digests(tmp_path / "out")
    pages = [
        (folder / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
        for name in ("map.html", "report.html")
    ]
    assert all(pages)


def test_the_geopackage_opens(folder):
    layers = set(gpd.list_layers(folder / "result.gpkg")["name"])
    assert {"townships", "facilities"} <= layers
    towns = gpd.read_file(folder / "result.gpkg", layer="townships")
    assert len(towns) == 14
    assert towns.crs is not None


def test_results_are_replaced_and_other_files_left_alone(results, folder):
    own = folder / "my notes.txt"
    own.write_text("mine")
    stale = folder / "tables" / "old.csv"
    stale.write_text("x")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"].append("tables/old.csv")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    delivery.deliver(results, folder)
    assert own.read_text() == "mine"
    assert not stale.exists()
    own.unlink()


def test_a_folder_with_other_files_is_refused(results, tmp_path):
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(InputError, match="no results of ruralcare"):
        delivery.deliver(results, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


@pytest.mark.parametrize("manifest", ['{"files": ["mine.txt"]}', "no json", "[]"])
def test_a_manifest_of_another_program_is_no_licence(results, tmp_path, manifest):
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="no results of ruralcare"):
        delivery.deliver(results, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_file_held_open_leaves_the_old_results_whole(results, folder, monkeypatch):
    """Excel locks an open table: its replacement fails, and all old files come back."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    move = Path.replace

    def locked(self, target):
        if Path(target).name == "need.csv" and "-old-" not in str(self):
            raise PermissionError("in use")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", locked)
    with pytest.raises(InputError, match="Close it in other programs"):
        delivery.deliver(results, folder)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_unmet_need_of_a_stage_is_what_the_plan_leaves(results):
    """Township by township another assignment, in sum the same."""
    for stage, rows in enumerate(results.stage_need[1:], start=1):
        coverage = results.plan.coverage
        coverage = coverage[coverage["period"].astype(int) == stage]
        served = coverage.groupby("service")["served_persons"].sum()
        sums = rows.groupby("service")[["need_persons", "unmet_persons"]].sum()
        for service in served.index:
            met = sums.loc[service, "need_persons"] - sums.loc[service, "unmet_persons"]
            assert met == pytest.approx(served[service], abs=1e-6)


def test_a_failure_leaves_nothing_behind(results, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("disk full")

    monkeypatch.setattr(delivery, "write_geopackage", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        delivery.deliver(results, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_ferry_cuts_the_island_off(scenarios, results):
    stopped = run(Scenario.read(scenarios / "demo.toml", variant="ferry_stopped"), until="need")
    facts = stopped.need.indicators.set_index("name")
    assert facts.loc["묵도면", "connection"] == "none"
    township = _id(stopped, "묵도면")  # noqa: F841 - used in the query
    shares = stopped.access[0].frame.query("township_id == @township")
    assert (shares["unreachable_share"] == 1.0).all()


def test_a_smaller_budget_never_serves_more(scenarios, results):
    half = run(Scenario.read(scenarios / "demo.toml", variant="half_budget"), until="plan")
    assert half.plan.objective <= results.plan.bound + 1e-6
