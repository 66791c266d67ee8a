"""``ruralcare check``: one report for all inputs, as text, JSON and a page."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from broken_cases import replaced
from tiny_county import FILES, TOWNSHIPS, county, people, register_text
from typer.testing import CliRunner

from ruralcare.cli import app

runner = CliRunner()
PERSONS = sum(
    people(township, sex, age)
    for township in TOWNSHIPS
    for sex in ("남", "여")
    for age in range(0, 105, 5)
)


def call(*arguments):
    return runner.invoke(app, ["check", *map(str, arguments)])


def spoil(folder: Path) -> None:
    """Break three files."""
    replaced(folder / FILES["villages"], "150,34.55", "-3,34.55")
    replaced(folder / FILES["ltc"], ",30,1,0", ",서른,1,0")
    replaced(folder / FILES["register"], "나래면(4699031000)", "나래면", encoding="cp949")


def test_a_good_county_is_told_in_one_report(tmp_path):
    result = call(county(tmp_path), "--language", "en")
    assert result.exit_code == 0
    assert f"People: {PERSONS:,} (2023-10)" in result.stdout
    assert result.stdout.rstrip().endswith("No faults found.")
    for file in ("boundaries", "register", "villages", "ltc", "hira", "kftc", "roads"):
        assert FILES[file] in result.stdout
    korean = call(county(tmp_path)).stdout
    assert f"{PERSONS:,}명" in korean
    assert "People" not in korean


def test_json_holds_the_same(tmp_path):
    result = call(county(tmp_path), "--json", "--language", "en")
    report = json.loads(result.stdout)
    assert report["ok"] is True
    assert report["faults"] == []
    assert report["totals"]["persons"] == PERSONS
    assert report["totals"]["townships"] == len(TOWNSHIPS)
    files = {one["file"]: one for one in report["files"]}
    # Four townships in the file, one of them in the neighbouring county.
    assert (files[FILES["boundaries"]]["rows"], files[FILES["boundaries"]]["used"]) == (4, 3)
    assert files[FILES["register"]]["encoding"] == "CP949"
    assert files[FILES["register"]]["as_of"] == "2023-10"
    assert (files[FILES["villages"]]["rows"], files[FILES["villages"]]["used"]) == (5, 5)


def test_every_fault_of_every_file_is_in_one_report(tmp_path):
    path = county(tmp_path)
    spoil(tmp_path)
    result = call(path, "--json", "--language", "en")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["ok"] is False
    told = {(one["file"], one["row"], one["column"], one["value"]) for one in report["faults"]}
    assert told == {
        (FILES["villages"], 4, "population", "-3"),
        (FILES["ltc"], 2, "정원", "서른"),
        (FILES["register"], 5, "행정구역", "전라남도 한울군 나래면"),
    }
    assert all(one["remedy"] for one in report["faults"])
    # What was in order is told all the same.
    status = {one["file"]: one["status"] for one in report["files"]}
    assert status[FILES["villages"]] == status[FILES["ltc"]] == "faulty"
    assert status[FILES["boundaries"]] == status[FILES["roads"]] == status[FILES["hira"]] == "read"


def test_faults_make_the_exit_code_and_can_be_saved_with_the_report(tmp_path):
    path = county(tmp_path)
    spoil(tmp_path)
    result = call(path)
    assert result.exit_code == 2
    assert "서른" in result.stdout
    assert "3건" in result.stdout


def test_a_faulty_scenario_has_a_report_as_well(tmp_path):
    path = county(tmp_path, lambda raw: raw["plan"].update(perids=[]))
    result = call(path, "--json", "--language", "en")
    assert result.exit_code == 2
    (fault,) = json.loads(result.stdout)["faults"]
    assert fault["column"] == "plan.perids"


def test_the_page_loads_nothing_and_escapes_what_the_data_say(tmp_path):
    path = county(tmp_path)
    evil = '<img src=x onerror=alert(1)></td><script>alert(2)</script>"'
    replaced(tmp_path / FILES["ltc"], ",30,1,0", f',"{evil.replace(chr(34), chr(34) * 2)}",1,0')
    page = tmp_path / "report" / "check.html"
    assert call(path, "--html", page).exit_code == 2
    html = page.read_text("utf-8")
    assert "<img" not in html
    assert "<script" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "Content-Security-Policy" in html
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", html)
    assert [one.name for one in page.parent.iterdir()] == ["check.html"]


@pytest.mark.parametrize("name", ["report.txt", "folder.html/"])
def test_a_page_is_not_written_over_something_else(tmp_path, name):
    path = county(tmp_path / "county")
    target = tmp_path / name.rstrip("/")
    if name.endswith("/"):
        target.mkdir()
    before = sorted(tmp_path.iterdir())
    result = call(path, "--html", target, "--language", "en")
    assert result.exit_code == 2
    assert "--html" in result.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_formats_are_named_in_korean_where_they_have_a_korean_name(tmp_path):
    report = json.loads(call(county(tmp_path), "--json", "--language", "ko").stdout)
    english = {"resident register", "village list", "NHIS list", "HIRA", "KFTC code file"}
    told = {part for one in report["files"] for part in one["format"].split(", ")}
    assert not told & english
    assert {"GeoJSON", "금융결제원 점별코드", "주민등록 인구"} <= told


@pytest.mark.parametrize("evil", ["\x1b[31m\x1b[2J몰라", "\x9b2J몰라", "\u202e몰라", "몰라\x07"])
def test_what_data_say_cannot_command_the_terminal(tmp_path, evil):
    path = county(tmp_path)
    replaced(tmp_path / FILES["ltc"], ",노인요양시설,", f",{evil},")
    replaced(tmp_path / FILES["ltc"], ",30,1,0", f",서른{evil},1,0")
    result = call(path)
    assert "몰라" in result.output
    assert not set(result.output) & set("\x1b\x9b\u202e\x07")


def test_a_county_that_the_lists_do_not_cover_is_named(tmp_path):
    def only_hospitals(raw):
        raw["facilities"]["sources"] = [{"file": FILES["hira"]}]

    covered = call(county(tmp_path / "a"), "--language", "en").stdout
    assert "no institution with a service of the plan" not in covered
    told = call(county(tmp_path / "b", only_hospitals), "--language", "en").stdout
    assert "no institution with a service of the plan in 한울군" in told
    none = call(county(tmp_path / "c", lambda raw: raw.pop("facilities")), "--language", "en")
    assert "No list of institutions is given" in none.stdout


def test_a_township_where_nobody_lives_can_be_left_out(tmp_path):
    path = county(tmp_path, lambda raw: raw["area"].update(without=["다솜면"]))
    # The register of a county with such a township does not list it.
    register = tmp_path / FILES["register"]
    lines = register.read_bytes().decode("cp949").splitlines(keepends=True)
    kept = [line for line in lines if "다솜면" not in line and "한울군 (" not in line]
    kept = [line for line in kept if "(4600000000)" not in line]
    register.write_bytes("".join(kept).encode("cp949"))
    replaced(
        tmp_path / FILES["villages"], "다솜리,4699032021,4699032000", "다솜리,4698031021,4698031000"
    )
    replaced(tmp_path / FILES["villages"], "한울군,다솜면", "옆골군,이웃면")
    report = json.loads(call(path, "--json", "--language", "en").stdout)
    assert report["faults"] == []
    assert report["totals"]["townships"] == 2


def test_files_of_one_name_are_told_apart(tmp_path):
    def two_registers(raw):
        raw["population"]["files"] = ["a/r.csv", "b/r.csv"]

    path = county(tmp_path, two_registers)
    for folder, label in (("a", "2013년10월"), ("b", "2023년10월")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "r.csv").write_bytes(register_text(label).encode("cp949"))
    replaced(tmp_path / "b" / "r.csv", "나래면(4699031000)", "나래면", encoding="cp949")
    report = json.loads(call(path, "--json").stdout)
    assert [fault["file"] for fault in report["faults"]] == ["b/r.csv"]
    status = {one["file"]: one["status"] for one in report["files"]}
    assert (status["a/r.csv"], status["b/r.csv"]) == ("read", "faulty")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_before_anything_waits_for_it(tmp_path):
    path = county(tmp_path)
    (tmp_path / FILES["register"]).unlink()
    os.mkfifo(tmp_path / FILES["register"])
    (fault,) = json.loads(call(path, "--json", "--language", "en").stdout)["faults"]
    assert fault["file"] == FILES["register"]
    assert "pipe" in fault["problem"]
