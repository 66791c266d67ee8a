"""``ruralcare fetch``: a county's boundaries and roads from stand-ins for the real servers."""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import os
import socket
import sys
import threading
import tomllib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from osm_cases import EAST, NORTH, degrees
from typer.testing import CliRunner

from ruralcare import DownloadError, InputError, Scenario, cli, workflow
from ruralcare.fetching import fetch_county
from ruralcare.inputs import read_townships
from ruralcare.network import read_roads
from ruralcare.scenario import RoadsSource
from ruralcare.settings import Settings

KM = 1000.0
# Squares of 4 km: (code, name, county code, county, province, km east, km north of the drawing).
TOWNSHIPS = [
    ("4682025000", "해남읍", "46820", "해남군", "전라남도", 0, 0),
    ("4682031000", "삼산면", "46820", "해남군", "전라남도", 4, 0),
    ("4681025000", "강진읍", "46810", "강진군", "전라남도", 20, 0),
    ("4680025000", "장흥읍", "46800", "장흥군", "전라남도", 40, 0),
    ("5182025000", "간성읍", "51820", "고성군", "강원특별자치도", 100, 300),
    ("4882025000", "고성읍", "48820", "고성군", "경상남도", 150, 20),
    ("4111156000", "파장동", "41111", "수원시장안구", "경기도", 0, 250),
    ("4111353000", "세류1동", "41113", "수원시권선구", "경기도", 4, 250),
    ("3611025000", "조치원읍", "36110", "세종특별자치시", "세종특별자치시", 60, 200),
]  # fmt: skip
KEYS = ("20231231", "20251231")


def boundary_file(path: Path, rows=TOWNSHIPS) -> bytes:
    codes, names, sgg, sggnm, sidonm, east, north = zip(*rows, strict=True)
    squares = [
        shapely.box(EAST + x * KM, NORTH + y * KM, EAST + (x + 4) * KM, NORTH + (y + 4) * KM)
        for x, y in zip(east, north, strict=True)
    ]
    frame = gpd.GeoDataFrame(
        {
            "emd7": [code[:7] for code in codes], "emd8": None, "emdcd": codes, "emdnm": names,
            "sggcd": sgg, "sggnm": sggnm, "sidocd": [code[:2] for code in codes],
            "sidonm": sidonm, "area": 16e6, "geom": squares,
        },
        geometry="geom", crs="EPSG:5179",
    )  # fmt: skip
    frame.to_parquet(path)
    return path.read_bytes()


def overpass_answer():
    """A trunk through both townships, a street, a two-way ring, and a ferry in two parts."""
    places = {11: (100, 2000), 5: (3000, 2000), 7: (6000, 2000), 9: (3000, 3000), 2: (3500, 3000),
              30: (100, 100), 31: (100, -4000), 32: (100, -9000)}  # fmt: skip
    nodes = []
    for number, place in places.items():
        lon, lat = degrees(*place)
        nodes.append({"type": "node", "id": number, "lat": lat, "lon": lon})
    tags = [
        ([11, 5, 7], {"highway": "trunk", "maxspeed": "60", "name": "해남대로"}),
        ([5, 9, 2, 5], {"highway": "residential"}),
        ([11, 30], {"highway": "tertiary", "oneway": "yes"}),
        ([30, 11], {"highway": "unclassified"}),
    ]
    ferry = ([30, 31, 32], {"route": "ferry", "duration": "00:40", "interval": "02:00"})
    ways = [
        {"type": "way", "id": number, "nodes": refs, "tags": given}
        for number, (refs, given) in enumerate([*tags, ferry], start=100)
    ]
    head = {"version": 0.6, "osm3s": {"timestamp_osm_base": "2026-11-20T03:00:00Z"}}
    return head | {"elements": [*nodes, *ways[:4]]}, head | {"elements": [*nodes, ways[4]]}


@contextmanager
def served(answer):
    """Serve ``answer(method, path, body) -> (status, body)`` on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self):
            size = int(self.headers.get("Content-Length") or 0)
            status, body = answer(self.command, self.path, self.rfile.read(size).decode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: self.server.cut] if self.server.cut else body)

        do_GET = do_POST = _reply  # noqa: N815 - names that http.server looks for

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.cut = None
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def internet(tmp_path):
    """Stand-ins for both servers: where they are, what they were asked, what they say."""
    files = {f"/parquet/emd_{key}.parquet": boundary_file(tmp_path / key) for key in KEYS}
    manifest = {"data_version": "2026.10.01", "versions": list(KEYS), "files": {}}
    files["/dist/data/manifest.json"] = json.dumps(manifest).encode()
    roads, ferry = overpass_answer()
    world = {"files": files, "asked": [], "status": 200, "roads": json.dumps(roads).encode(),
             "ferry": json.dumps(ferry).encode()}  # fmt: skip

    def answer(method, path, body):
        world["asked"].append(path)
        if method == "POST":
            return world["status"], world["ferry" if "ferry" in body else "roads"]
        return (200, files[path]) if path in files else (404, b"")

    with served(answer) as (url, server):
        world["server"] = server
        world["urls"] = {"overpass_url": f"{url}/api", "boundaries_url": url}
        yield world


@pytest.fixture
def fetched(internet, tmp_path):
    def fetch(*counties, out="out", **options):
        options = {**internet["urls"], "as_of": "2025", **options}
        settings = Settings(tmp_path / "cache")
        return fetch_county(counties, tmp_path / out, settings=settings, **options)

    return fetch


def refused(fetch, *counties, **options):
    with pytest.raises(InputError) as caught:
        fetch(*counties, **options)
    (fault,) = caught.value.faults
    return fault


def test_a_county_is_fetched_with_its_neighbours_and_roads(fetched, internet, tmp_path):
    made = fetched("해남군")
    assert (made.townships, made.around, made.as_of) == (2, 1, "2025-12-31")
    assert made.counties == ("해남군",)
    with (tmp_path / "out" / "boundaries" / "townships.geojson").open(encoding="utf-8") as stream:
        areas = json.load(stream)["features"]
    # 장흥읍 is 32 km away.
    ids = [area["properties"]["township_id"] for area in areas]
    assert ids == ["4681025000", "4682025000", "4682031000"]
    scenario = Scenario.read(made.scenario)
    towns = read_townships(scenario)
    assert towns.frame["name"].tolist() == ["해남읍", "삼산면"]
    assert towns.as_of == "2025-12-31"
    assert towns.frame.geometry.area.tolist() == pytest.approx([16e6, 16e6], rel=1e-5)
    roads = read_roads(scenario, towns)
    assert not roads.is_proxy
    (reading,) = roads.readings
    # Four roads and a ferry.
    assert (reading.rows, reading.used, reading.remarks) == (5, 5, ())
    # Nothing else lies in the folder than what was made, and nothing beside it.
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == sorted(
        ["SOURCES.csv", "boundaries", "cooperatives", "facilities", "population", "roads",
         "scenario.toml", "읽어보세요.txt"]
    )  # fmt: skip
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_the_file_gives_the_roads_that_the_download_gives(fetched, internet, tmp_path):
    scenario = Scenario.read(fetched("해남군").scenario)
    towns = read_townships(scenario)
    from_file = read_roads(scenario, towns)
    online = RoadsSource(
        download=True,
        overpass_url=internet["urls"]["overpass_url"],
        speeds_kmh=scenario.roads.speeds_kmh,
    )
    changed = scenario.model_copy(update={"roads": online})
    changed._path = scenario.path
    downloaded = read_roads(changed, towns, settings=Settings(tmp_path / "other"))
    columns = ["road_class", "length_m", "time_min", "oneway", "name"]

    def table(network):
        roads = network.edges[network.edges["kind"] == "road"]
        return roads[columns].sort_values(columns).reset_index(drop=True).round(6)

    assert table(from_file).equals(table(downloaded))
    for network in (from_file, downloaded):
        ferry = network.edges[network.edges["kind"] == "ferry"]
        # Forty minutes on board and, at its one end on a road, a quarter of two hours.
        assert ferry["time_min"].sum() == pytest.approx(40 + 30)
    assert downloaded.readings[0].as_of == "2026-11-20"


def test_sources_are_recorded(fetched, internet, tmp_path):
    fetched("해남군")
    out = tmp_path / "out"
    with (out / "SOURCES.csv").open(encoding="utf-8-sig", newline="") as stream:
        boundaries, roads = csv.DictReader(stream)
    file = internet["files"]["/parquet/emd_20251231.parquet"]
    assert boundaries["url"].endswith("/parquet/emd_20251231.parquet")
    assert boundaries["sha256_of_source"] == hashlib.sha256(file).hexdigest()
    assert "2026.10.01" in boundaries["version"]
    assert "CC BY 4.0" in boundaries["licence"]
    assert boundaries["data_date"] == "2025-12-31"
    assert (roads["licence"], roads["data_date"]) == ("ODbL 1.0", "2026-11-20")
    today = datetime.datetime.now(tz=datetime.UTC).date()
    assert abs(datetime.date.fromisoformat(roads["retrieved_on"]) - today).days <= 1
    for row in (boundaries, roads):
        content = (out / row["file"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
    raw = tomllib.loads((out / "scenario.toml").read_text("utf-8"))
    assert "OpenStreetMap" in raw["roads"]["attribution"]
    assert "SGIS" in raw["townships"]["attribution"]
    assert "2025-12-31" in raw["townships"]["attribution"]


def test_check_names_the_files_that_are_still_to_be_added_and_nothing_else(fetched):
    made = fetched("해남군")
    found = workflow.examine(Scenario.read(made.scenario))
    told = {(fault.file, fault.problem.template) for fault in found.faults}
    assert told == {(file.name, "There is no such file.") for file in made.missing}
    assert found.roads is not None
    text = made.scenario.read_text("utf-8")
    for file in made.missing:
        assert file.relative_to(made.scenario.parent).as_posix() in text
        assert file.parent.is_dir()


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (["해남군"], ["46820"]),
        (["46820"], ["46820"]),
        (["4682000000"], ["46820"]),
        (["전남 해남군"], ["46820"]),
        (["전라남도  해남군"], ["46820"]),
        (["해남군", "46810", "해남군"], ["46810", "46820"]),
        (["수원시"], ["41111", "41113"]),
        (["41110"], ["41111", "41113"]),
        (["수원시 권선구"], ["41113"]),
        (["경기 수원시권선구"], ["41113"]),
        (["경남 고성군"], ["48820"]),
        (["강원도 고성군"], ["51820"]),
        (["42820"], ["51820"]),  # the code of 강원도 고성군 until 2023
        (["세종시"], ["36110"]),
    ],
)
def test_counties_by_name_and_code(fetched, names, codes):
    made = fetched(*names, roads=False)
    assert list(Scenario.read(made.scenario).area.sigungu) == codes


# The same squares after 전라남도 and 광주 became one province.
MERGED = [
    ("1279025000", "해남읍", "12790", "해남군", "전남광주통합특별시", 0, 0),
    ("1279031000", "삼산면", "12790", "해남군", "전남광주통합특별시", 4, 0),
    ("1278025000", "강진읍", "12780", "강진군", "전남광주통합특별시", 20, 0),
    ("1221051000", "충장동", "12210", "동구", "전남광주통합특별시", 40, 60),
    ("1299025000", "고운읍", "12990", "한울군", "전남광주통합특별시", 60, 0),
    *TOWNSHIPS[4:],
    ("2614051000", "동대신1동", "26140", "서구", "부산광역시", 250, 40),
    ("2611051000", "초량동", "26170", "동구", "부산광역시", 254, 40),
]
OLDER = [*TOWNSHIPS, ("2911051000", "충장동", "29110", "동구", "광주광역시", 40, 60),
         ("2611051000", "초량동", "26170", "동구", "부산광역시", 254, 40)]  # fmt: skip


@pytest.fixture
def renumbered(internet, tmp_path):
    """The servers after the merger: an issue of 2026-07 with the codes of 12, one before it."""
    files = internet["files"]
    manifest = json.loads(files["/dist/data/manifest.json"])
    manifest["versions"] += ["20260401", "20260701"]
    files["/dist/data/manifest.json"] = json.dumps(manifest).encode()
    files["/parquet/emd_20260401.parquet"] = boundary_file(tmp_path / "before", OLDER)
    files["/parquet/emd_20260701.parquet"] = boundary_file(tmp_path / "after", MERGED)


@pytest.mark.usefixtures("renumbered")
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("해남군", "46820", "12790"),
        ("전남 해남군", "46820", "12790"),
        ("전라남도 해남군", "46820", "12790"),
        ("전남광주통합특별시 해남군", "46820", "12790"),
        ("46820", "46820", "12790"),
        ("12790", "46820", "12790"),
        ("4682000000", "46820", "12790"),
        ("광주 동구", "29110", "12210"),
        ("광주광역시 동구", "29110", "12210"),
        ("29110", "29110", "12210"),
        ("부산 동구", "26170", "26170"),
    ],
)
def test_counties_that_were_renumbered(fetched, name, before, after):
    for as_of, code in (("2026-06", before), ("2026-07", after)):
        made = fetched(name, out=as_of, as_of=as_of, roads=False)
        scenario = Scenario.read(made.scenario)
        assert list(scenario.area.sigungu) == [code]
        towns = read_townships(scenario)
        assert set(towns.frame["sigungu_id"]) == {code}
        assert towns.as_of == {"2026-06": "2026-04-01", "2026-07": "2026-07-01"}[as_of]


@pytest.mark.usefixtures("renumbered")
def test_a_county_of_the_other_half_of_a_merged_province_is_not_meant(fetched):
    for name in ("광주 해남군", "전남 동구"):
        fault = refused(fetched, name, as_of="2026-07", roads=False)
        assert fault.problem.template == "There is no county of this name or code."
    # A county that the table of changes does not know may belong to either.
    for number, name in enumerate(("전남 한울군", "전남광주통합특별시 한울군")):
        assert fetched(name, out=str(number), as_of="2026-07", roads=False).counties == ("한울군",)


def test_names_typed_on_a_mac_are_known(fetched):
    import unicodedata

    assert fetched(unicodedata.normalize("NFD", "해남군"), roads=False).counties == ("해남군",)


@pytest.mark.parametrize(
    ("name", "near"),
    [("해남", "전라남도 해남군"), ("해난군", "전라남도 해남군"), ("46821", "46820 전라남도 해남군"),
     ("수언시", None), ("", None), ("1", None)],
)  # fmt: skip
def test_an_unknown_county_is_refused_with_near_names(fetched, tmp_path, name, near):
    fault = refused(fetched, name)
    assert fault.problem.template == "There is no county of this name or code."
    assert (fault.column, fault.value) == ("--sigungu", name)
    assert near is None or near in fault.remedy.render("en")
    assert not (tmp_path / "out").exists()


def test_a_name_of_two_counties_is_refused_with_both(fetched):
    fault = refused(fetched, "고성군")
    assert fault.problem.template == "Several counties have this name."
    assert "강원특별자치도 고성군" in fault.remedy.render("en")
    assert "경상남도 고성군" in fault.remedy.render("en")


def test_every_unknown_county_is_named(fetched):
    with pytest.raises(InputError) as caught:
        fetched("해남군", "없는군", "고성군")
    assert [fault.value for fault in caught.value.faults] == ["없는군", "고성군"]


@pytest.mark.parametrize(
    ("as_of", "date"),
    [("2023", "2023-12-31"), ("2023-12", "2023-12-31"), ("20251231", "2025-12-31"),
     ("2026-1", "2025-12-31"), ("2026년 1월", "2025-12-31"), ("2026-01-31", "2025-12-31")],
)  # fmt: skip
def test_the_last_boundaries_up_to_a_date(fetched, as_of, date):
    assert fetched("해남군", as_of=as_of, roads=False).as_of == date


@pytest.mark.parametrize(
    ("as_of", "problem"),
    [("1950", "There are no boundaries of that date."), ("soon", "This is not a date.")],
)
def test_a_date_without_boundaries(fetched, as_of, problem):
    fault = refused(fetched, "해남군", as_of=as_of)
    assert (fault.problem.template, fault.column, fault.value) == (problem, "--as-of", as_of)


def test_an_issue_later_than_the_package_is_known_from_the_server(internet, tmp_path):
    files = internet["files"]
    manifest = json.loads(files["/dist/data/manifest.json"])
    manifest["versions"].append("20991231")
    files["/dist/data/manifest.json"] = json.dumps(manifest).encode()
    files["/parquet/emd_20991231.parquet"] = files["/parquet/emd_20251231.parquet"]
    made = fetch_county(
        ["해남군"], tmp_path / "out", roads=False, settings=Settings(tmp_path / "cache"),
        **internet["urls"],
    )  # fmt: skip
    assert made.as_of == "2099-12-31"


def test_boundaries_before_the_codes(fetched, internet, tmp_path):
    frame = gpd.read_parquet(tmp_path / KEYS[0])
    frame[["emdcd", "sggcd", "sidocd"]] = None
    frame.to_parquet(tmp_path / "old")
    internet["files"]["/parquet/emd_19851231.parquet"] = (tmp_path / "old").read_bytes()
    fault = refused(fetched, "해남군", as_of="1985")
    assert fault.problem.template.startswith("The boundaries of that date have no codes")


def test_a_second_fetch_keeps_the_boundaries_but_asks_for_roads_again(fetched, internet):
    fetched("해남군")
    first = list(internet["asked"])
    fetched("해남군", out="again")
    second = internet["asked"][len(first) :]
    assert [path for path in first if "parquet" in path] == ["/parquet/emd_20251231.parquet"]
    assert not [path for path in second if "parquet" in path]
    assert [path for path in second if path.startswith("/api")]


def test_the_same_answers_give_the_same_bytes(fetched, tmp_path):
    fetched("해남군", out="one")
    fetched("해남군", out="two")
    for file in sorted((tmp_path / "one").rglob("*.*")):
        if file.is_file():
            other = tmp_path / "two" / file.relative_to(tmp_path / "one")
            assert file.read_bytes() == other.read_bytes(), file.name


def leftovers(tmp_path):
    return [one.name for one in tmp_path.iterdir() if one.name == "out" or one.name[0] == "."]


@pytest.mark.parametrize("spoil", ["half", "page", "columns", "missing", "cut"])
def test_half_a_boundary_file_is_no_file(fetched, internet, tmp_path, spoil):
    files, key = internet["files"], "/parquet/emd_20251231.parquet"
    whole = files[key]
    if spoil == "half":
        files[key] = whole[: len(whole) // 2]
    elif spoil == "page":
        files[key] = b"<html>Please log in to this network</html>"
    elif spoil == "columns":
        gpd.read_parquet(tmp_path / KEYS[1]).drop(columns="emdcd").to_parquet(tmp_path / "less")
        files[key] = (tmp_path / "less").read_bytes()
    elif spoil == "missing":
        del files[key]
    else:
        internet["server"].cut = 500
    with pytest.raises(DownloadError, match="boundaries could not be fetched"):
        fetched("해남군")
    assert not leftovers(tmp_path)
    # What was half is not kept: the next try works.
    files[key], internet["server"].cut = whole, None
    assert fetched("해남군").townships == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"broken"),
        (200, b"<html>no json</html>"),
        (200, b'{"version": 0.6, "remark": "runtime error: timed out", "elements": []}'),
        (200, b'{"version": 0.6}'),
        (200, b'{"elements": [{"type": "node", "id": 1}]}'),
        (200, b'{"elements": "none"}'),
    ],
)
def test_half_the_roads_are_no_roads(fetched, internet, tmp_path, status, body):
    internet |= {"status": status, "roads": body}
    with pytest.raises(DownloadError, match=r"--overpass-url") as caught:
        fetched("해남군")
    assert "--no-roads" in caught.value.render("ko")
    assert not leftovers(tmp_path)


def test_no_network(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(DownloadError, match="internet connection"):
        fetch_county(["해남군"], tmp_path / "out", boundaries_url=url,
                     settings=Settings(tmp_path / "cache"))  # fmt: skip
    assert not leftovers(tmp_path)


def test_a_folder_with_files_is_left_alone(fetched, internet, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    fault = refused(fetched, "해남군")
    assert (fault.problem.template, fault.column) == (
        "The folder exists and is not empty.", "--out",
    )  # fmt: skip
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["mine.txt"]
    # Nobody was asked for anything.
    assert internet["asked"] == []


def test_an_empty_folder_and_new_parents_are_used(fetched, tmp_path):
    (tmp_path / "out").mkdir()
    assert fetched("해남군", roads=False).scenario.exists()
    assert fetched("해남군", out="a/b/c", roads=False).scenario.exists()


def test_a_failure_while_writing_leaves_nothing(fetched, tmp_path, monkeypatch):
    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr("ruralcare.fetching.write_osm", broken)
    with pytest.raises(OSError, match="disk full"):
        fetched("해남군", out="a/b")
    assert not (tmp_path / "a").exists()
    assert not leftovers(tmp_path)


def test_without_roads_the_scenario_uses_a_proxy(fetched, internet):
    made = fetched("해남군", roads=False)
    assert made.ways == 0
    assert not [path for path in internet["asked"] if path.startswith("/api")]
    scenario = Scenario.read(made.scenario)
    assert scenario.roads.file is None
    assert scenario.points.kind == "centroid"
    assert not (made.scenario.parent / "roads" / "roads.osm.pbf").exists()


def test_the_package_is_left_as_it_was(fetched, monkeypatch):
    monkeypatch.setenv("ADMDONGKOR_CACHE_DIR", "/somewhere")
    monkeypatch.setenv("ADMDONGKOR_DATA_DIR", "/elsewhere")
    monkeypatch.delenv("ADMDONGKOR_NO_AUTO_UPDATE", raising=False)
    fetched("해남군", roads=False)
    from admdongkor import _cache

    assert _cache.BASE_URL.startswith("https://raw.githubusercontent.com/")
    assert _cache.INDEX_BASE_URL.startswith("https://raw.githubusercontent.com/")
    assert os.environ["ADMDONGKOR_CACHE_DIR"] == "/somewhere"
    assert os.environ["ADMDONGKOR_DATA_DIR"] == "/elsewhere"
    assert "ADMDONGKOR_NO_AUTO_UPDATE" not in os.environ


def test_the_package_is_not_imported_before_it_is_needed():
    import subprocess

    code = "import sys, ruralcare.cli; print('admdongkor' in sys.modules, 'osmnx' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert told.split() == ["False", "False"]


def run(*words, cache):
    environment = {"XDG_CACHE_HOME": str(cache), "LANG": "en_US.UTF-8"}
    return CliRunner().invoke(cli.app, ["fetch", *map(str, words)], env=environment)


def test_the_command(internet, tmp_path):
    urls = internet["urls"]
    words = ["--sigungu", "해남군", "--sigungu", "46810", "--out", tmp_path / "out", "--as-of",
             "2025", "--overpass-url", urls["overpass_url"], "--boundaries-url",
             urls["boundaries_url"], "--language", "en"]  # fmt: skip
    told = run(*words, cache=tmp_path / "cache")
    assert told.exit_code == 0, told.output
    assert "3 townships and 1 around" in told.output
    assert "Still to be added" in told.output
    assert "ruralcare check" in told.output
    assert Scenario.read(tmp_path / "out" / "scenario.toml").area.sigungu == ("46810", "46820")
    again = run(*words, cache=tmp_path / "cache")
    assert again.exit_code == cli.BAD_INPUT
    assert "not empty" in again.output
    words[words.index(tmp_path / "out")] = tmp_path / "other"
    words[words.index("해남군")] = "해남"
    unknown = run(*words[:-1], "ko", cache=tmp_path / "cache")
    assert unknown.exit_code == cli.BAD_INPUT
    assert "해남군" in unknown.output


def test_the_command_says_when_there_is_no_network(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    words = ["--sigungu", "해남군", "--out", tmp_path / "out", "--boundaries-url", url]
    told = run(*words, "--language", "ko", cache=tmp_path / "cache")
    assert told.exit_code == cli.BAD_INPUT
    assert url in told.output
    assert not (tmp_path / "out").exists()
