"""The command line as a planner uses it: texts, exit codes, and wrong input of every kind."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
from typer.testing import CliRunner

from ruralcare.cli import app

runner = CliRunner()


def call(*arguments):
    return runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new") / "county"
    result = call("new", folder, "--language", "en")
    assert result.exit_code == 0
    assert "demo.toml" in result.stdout
    return folder


@pytest.fixture
def county(pristine, tmp_path):
    """A copy of the demo county to damage."""
    shutil.copytree(pristine, tmp_path / "county")
    return tmp_path / "county"


def scenario_of(county):
    return county / "scenarios" / "demo.toml"


def replace(path: Path, old: str, new: str, encoding="utf-8", count=1):
    text = path.read_bytes().decode(encoding)
    assert old in text
    path.write_bytes(text.replace(old, new, count).encode(encoding))


def test_new_does_not_write_over_a_folder(pristine):
    result = call("new", pristine, "--language", "en")
    assert result.exit_code == 2
    assert "not empty" in result.stderr


def test_check_tells_what_was_read(pristine):
    result = call("check", scenario_of(pristine), "--language", "en")
    assert result.exit_code == 0
    assert "Townships: 14" in result.stdout
    assert "47,978" in result.stdout
    korean = call("check", scenario_of(pristine))
    assert "47,978" in korean.stdout
    assert "Townships" not in korean.stdout


def test_schema_is_json():
    assert json.loads(call("schema").stdout)["title"] == "ruralcare scenario"


MEASURED = {"townships", "access", "islands", "closures", "equity"}
ASSESSED = MEASURED | {
    *("need", "evidence", "outlook", "sureness", "decisive", "ranks", "similar", "actors"),
    *("rules", "rule_targets", "rule_counties", "counties", "composite", "typology"),
}


@pytest.mark.parametrize(
    ("until", "tables"),
    [
        ("access", MEASURED),
        ("need", ASSESSED),
        ("plan", ASSESSED | {"openings", "coverage"}),
    ],
)
def test_a_run_stops_where_it_is_told(pristine, tmp_path, until, tables):
    out = tmp_path / "out"
    assert call("run", scenario_of(pristine), "--out", out, "--until", until).exit_code == 0
    assert {path.stem for path in (out / "tables").iterdir()} == tables
    assert not (out / "map.html").exists()
    assert ("plan" in json.loads((out / "manifest.json").read_text("utf-8"))) == (until == "plan")


def missing_file(county):
    (county / "villages" / "handeul_villages.csv").unlink()
    return ["handeul_villages.csv", "no such file"]


def wrong_encoding(county):
    path = county / "villages" / "handeul_villages.csv"
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    return ["handeul_villages.csv", "UTF-8"]


def township_without_population(county):
    path = county / "population" / "202310_연령별인구현황_월간.csv"
    lines = path.read_bytes().decode("cp949").splitlines(keepends=True)
    gone = [line for line in lines if "매봉면" not in line]
    assert len(gone) == len(lines) - 1
    gone = [line for line in gone if "(9971000000)" not in line]
    path.write_bytes("".join(gone).encode("cp949"))
    return ["202310", "매봉면", "9971036000"]


def duplicated_village(county):
    path = county / "villages" / "handeul_villages.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]), "utf-8")
    return ["handeul_villages.csv", f"row {len(lines) + 1}", "already in row 2"]


def duplicated_institution(county):
    path = county / "facilities" / "장기요양기관_한들군.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]), "utf-8")
    return ["장기요양기관_한들군.csv", "19971000003", "already in row 2"]


def duplicated_township(county):
    path = county / "boundaries" / "handeul_townships.geojson"
    document = json.loads(path.read_text("utf-8"))
    document["features"].append(document["features"][0])
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return ["handeul_townships.geojson", "row 16", "already in row 2", "99710"]


def no_crs(county):
    frame = gpd.read_file(county / "boundaries" / "handeul_townships.geojson").to_crs(5179)
    frame.to_file(county / "boundaries" / "towns.shp", encoding="cp949")
    (county / "boundaries" / "towns.prj").unlink()
    replace(scenario_of(county), "handeul_townships.geojson", "towns.shp")
    return ["towns.shp", "CRS", "townships.crs"]


def swapped_coordinates(county):
    path = county / "villages" / "handeul_villages.csv"
    lines = path.read_text("utf-8").splitlines()
    cells = lines[3].split(",")
    cells[-1], cells[-2] = cells[-2], cells[-1]
    lines[3] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return ["handeul_villages.csv", "row 4", "swapped"]


def swapped_boundaries(county):
    path = county / "boundaries" / "handeul_townships.geojson"
    frame = gpd.read_file(path)
    import shapely

    frame.geometry = shapely.transform(frame.geometry.values, lambda xy: xy[:, ::-1])
    path.unlink()
    frame.to_file(path, driver="GeoJSON")
    return ["handeul_townships.geojson", "swapped"]


def misspelt_key(county):
    replace(scenario_of(county), "least_willing", "least_wiling")
    return ["demo.toml", "plan.least_wiling", "least_willing"]


def negative_budget(county):
    replace(scenario_of(county), "budget_mkrw = ", "budget_mkrw = -")
    return ["demo.toml", "plan.periods[1].budget_mkrw", "at least 0"]


def code_without_quotes(county):
    replace(scenario_of(county), 'sigungu = ["한들군"]', "sigungu = [99710]")
    return ["demo.toml", "area.sigungu[1]", '"99710"']


def unknown_county(county):
    replace(scenario_of(county), 'sigungu = ["한들군"]', 'sigungu = ["해남군"]')
    return ["area.sigungu", "해남군"]


def truncated_table(county):
    path = county / "facilities" / "장기요양기관_한들군.csv"
    text = path.read_text("utf-8").rstrip()
    path.write_text(text[: text.rindex(",")], "utf-8")
    return ["장기요양기관_한들군.csv", "row 33", "cells instead of"]


def number_that_is_none(county):
    path = county / "villages" / "handeul_villages.csv"
    lines = path.read_text("utf-8").splitlines()
    cells = lines[1].split(",")
    cells[6] = "많음"
    lines[1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return ["handeul_villages.csv", "row 2", "population", "많음"]


def not_an_extract(county):
    (county / "roads" / "handeul.osm.pbf").write_bytes(b"this is no extract")
    return ["handeul.osm.pbf"]


def not_a_workbook(county):
    (county / "cooperatives" / "kftc_branches_handeul.xlsx").write_bytes(
        b"PK\x03\x04 this is no workbook"
    )
    return ["kftc_branches_handeul.xlsx", "workbook"]


def unknown_site(county):
    replace(
        scenario_of(county),
        "least_willing = 0.3",
        'least_willing = 0.3\nforced = [{ site = "0000000", service = "day_care" }]',
    )
    return ["demo.toml", "plan.forced[1].site", "0000000"]


def only_a_byte_order_mark(county):
    (county / "villages" / "handeul_villages.csv").write_bytes(b"\xef\xbb\xbf")
    return ["handeul_villages.csv", "empty"]


def an_open_quote(county):
    path = county / "villages" / "handeul_villages.csv"
    path.write_text(path.read_text("utf-8") + '한들군,"한들읍,열린리,1', "utf-8")
    return ["handeul_villages.csv", "cannot be read"]


def a_comma_too_many(county):
    path = county / "villages" / "handeul_villages.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[5] = lines[5].replace("한들군,", "한들군, 그곳,", 1)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return ["handeul_villages.csv", "row 6", "12 cells instead of 11"]


def no_lists(county):
    (county / "facilities" / "hira_한들군.json").write_text('{"items": []}', "utf-8")
    return ["hira_한들군.json", "list of health institutions"]


def lists_of_nothing(county):
    (county / "facilities" / "hira_한들군.json").write_text('{"hospitals": [3]}', "utf-8")
    return ["hira_한들군.json", "no JSON object with name and address"]


def points_for_areas(county):
    path = county / "boundaries" / "handeul_townships.geojson"
    frame = gpd.read_file(path)
    frame.geometry = frame.geometry.representative_point()
    path.unlink()
    frame.to_file(path, driver="GeoJSON")
    return ["handeul_townships.geojson", "no areas"]


def nameless_township(county):
    path = county / "boundaries" / "handeul_townships.geojson"
    document = json.loads(path.read_text("utf-8"))
    document["features"][0]["properties"]["adm_nm"] = None
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return ["handeul_townships.geojson", "row 2", "adm_nm", "name is missing"]


def people_left_blank(county):
    path = county / "villages" / "handeul_villages.csv"
    lines = path.read_text("utf-8").splitlines()
    cells = lines[1].split(",")
    cells[6] = ""
    lines[1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return ["handeul_villages.csv", "row 2", "population"]


def required_and_ruled_out(county):
    one = '[{ site = "0129902", service = "day_care" }]'
    replace(scenario_of(county), "least_willing = 0.3",
            f"least_willing = 0.3\nforced = {one}\nforbidden = {one}")  # fmt: skip
    return ["plan.forced[1].site", "0129902", "ruled out"]


def required_of_one_who_refuses(county):
    forced = '\nforced = [{ site = "0139966", service = "day_care" }]'
    replace(scenario_of(county), "least_willing = 0.3", "least_willing = 0.3" + forced)
    return ["plan.forced[1].site", "0139966", "takes no part"]


BROKEN = [
    only_a_byte_order_mark,
    an_open_quote,
    a_comma_too_many,
    no_lists,
    lists_of_nothing,
    points_for_areas,
    nameless_township,
    people_left_blank,
    required_and_ruled_out,
    required_of_one_who_refuses,
    missing_file,
    wrong_encoding,
    township_without_population,
    duplicated_village,
    duplicated_institution,
    duplicated_township,
    no_crs,
    swapped_coordinates,
    swapped_boundaries,
    misspelt_key,
    negative_budget,
    code_without_quotes,
    unknown_county,
    truncated_table,
    number_that_is_none,
    not_an_extract,
    not_a_workbook,
    unknown_site,
]


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda one: one.__name__)
def test_wrong_input_is_named_and_nothing_is_written(county, break_it):
    told = break_it(county)
    out = county / "out"
    result = call("run", scenario_of(county), "--out", out, "--language", "en")
    assert result.exit_code == 2, result.output
    for part in told:
        assert part in result.stderr
    assert "→" in result.stderr, "every fault names a remedy"
    assert "Traceback" not in result.output
    assert not out.exists()
    korean = call("run", scenario_of(county), "--out", out, "--language", "ko")
    assert korean.exit_code == 2
    assert re.search("[가-힣]{2,}(다|오|요)\\.", korean.stderr), korean.stderr


def test_faults_of_several_files_come_together(county):
    told = [*duplicated_village(county), *duplicated_institution(county)]
    result = call("run", scenario_of(county), "--out", county / "out", "--language", "en")
    assert result.exit_code == 2
    assert all(part in result.stderr for part in told)


def test_an_output_folder_under_a_file_is_refused_at_once(pristine, tmp_path):
    (tmp_path / "file").write_text("x")
    out = tmp_path / "file" / "out"
    result = call("run", scenario_of(pristine), "--out", out, "--language", "en")
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_with_other_files_is_left_alone(pristine, tmp_path):
    (tmp_path / "thesis.doc").write_text("x")
    result = call("run", scenario_of(pristine), "--out", tmp_path, "--language", "en")
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_an_infeasible_scenario_names_the_rules(county):
    replace(scenario_of(county), "least_willing = 0.3", "least_willing = 0.3\nequity_floor = 0.999")
    result = call("run", scenario_of(county), "--out", county / "out", "--language", "en")
    assert result.exit_code == 3
    assert "Equity floor of 한들군: 99.9 % is asked for" in result.stderr
    assert not (county / "out").exists()


def test_a_search_that_is_cut_short_still_delivers(county):
    replace(scenario_of(county), "relative_gap = 0.01", "relative_gap = 0.0")
    replace(scenario_of(county), "time_limit_s = 120", "time_limit_s = 0.5")
    result = call("run", scenario_of(county), "--out", county / "out", "--language", "en")
    assert result.exit_code == 4
    assert (county / "out" / "map.html").is_file()
    plan = json.loads((county / "out" / "manifest.json").read_text("utf-8"))["plan"]
    assert plan["termination"] == "time_limit"
    assert plan["relative_gap"] > 0


def test_the_program_starts_as_a_command():
    result = subprocess.run(
        [sys.executable, "-c", "from ruralcare.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "run" in result.stdout


def test_help_waits_for_no_library_of_the_rooms():
    script = (
        "import sys; from typer.testing import CliRunner; from ruralcare.cli import app;"
        "result = CliRunner().invoke(app, ['--help']);"
        "heavy = {'numpy', 'pandas', 'geopandas', 'scipy', 'numba', 'osmnx', 'folium', 'pydantic'};"
        "print(result.exit_code, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "[]"]
