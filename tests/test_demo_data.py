"""The demo county under data/: what the generator promises, checked on the files themselves."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import unicodedata
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pytest
import shapely

DATA = Path(__file__).parents[1] / "data"
FOLDERS = ("boundaries", "population", "villages", "facilities", "cooperatives", "roads")
AREAS = DATA / "boundaries/handeul_townships.geojson"
LTC = DATA / "facilities/장기요양기관_한들군.csv"
HIRA = DATA / "facilities/hira_한들군.json"
WELFARE = DATA / "facilities/복지응급시설_한들군.csv"
ISLET, FERRY_ISLAND, BRIDGE_ISLAND = "율현면", "묵도면", "해담면"


def read_register(year: int) -> dict[str, tuple[str, np.ndarray]]:
    """Read the register by hand: label → (code, 2 × 21 persons), totals checked on the way."""
    text = (DATA / f"population/{year}10_연령별인구현황_월간.csv").read_bytes().decode("cp949")
    header, *rows = list(csv.reader(text.splitlines()))
    assert header[:2] == ["행정구역", f"{year}년10월_계_총인구수"]
    assert header[22:26] == [
        f"{year}년10월_계_95~99세",
        f"{year}년10월_계_100세 이상",
        f"{year}년10월_남_총인구수",
        f"{year}년10월_남_연령구간인구수",
    ]
    assert len(header) == 70
    table = {}
    for label, *cells in rows:
        match = re.fullmatch(r"(.+?)( {0,2})\((\d{10})\)", label)
        assert match, label
        values = np.array([int(c.replace(",", "")) for c in cells]).reshape(3, 23)
        assert (values[:, 0] == values[:, 1]).all()
        assert (values[:, 0] == values[:, 2:].sum(axis=1)).all()
        assert (values[0] == values[1] + values[2]).all()
        table[match[1]] = (match[3], values[1:, 2:])
    return table


def by_township(year: int) -> dict[str, np.ndarray]:
    """Residents per township with branch offices rolled up by the longest name prefix."""
    names = [name.split()[-1] for name in gpd.read_file(AREAS).adm_nm]
    totals = {name: np.zeros((2, 21), dtype=int) for name in names}
    for label, (_, people) in read_register(year).items():
        parts = label.split()
        if len(parts) == 3:
            home = max((n for n in names if parts[2].startswith(n)), key=len)
            totals[home] += people
    return totals


@pytest.fixture(scope="module")
def areas() -> gpd.GeoDataFrame:
    frame = gpd.read_file(AREAS)
    frame["name"] = [n.split()[-1] for n in frame.adm_nm]
    return frame


@pytest.fixture(scope="module")
def villages() -> pd.DataFrame:
    codes = {"legal_dong_code": str, "admin_dong_code": str}
    return pd.read_csv(DATA / "villages/handeul_villages.csv", dtype=codes)


class Roads(osmium.SimpleHandler):
    def __init__(self) -> None:
        super().__init__()
        self.places: dict[int, tuple[float, float]] = {}
        self.ways: list[tuple[list[int], dict[str, str]]] = []

    def node(self, n: osmium.osm.Node) -> None:
        self.places[n.id] = (n.location.lon, n.location.lat)

    def way(self, w: osmium.osm.Way) -> None:
        self.ways.append(([n.ref for n in w.nodes], dict(w.tags)))

    def parts(self, left_out: str = "") -> dict[int, int]:
        """Part number of every node, ways with the tag ``left_out`` removed."""
        parent = {n: n for n in self.places}

        def root(n: int) -> int:
            while parent[n] != n:
                parent[n] = parent[parent[n]]
                n = parent[n]
            return n

        for nodes, tags in self.ways:
            if left_out not in tags:
                for a, b in pairwise(nodes):
                    parent[root(a)] = root(b)
        return {n: root(n) for n in self.places}


@pytest.fixture(scope="module")
def roads() -> Roads:
    handler = Roads()
    handler.apply_file(str(DATA / "roads/handeul.osm.pbf"))
    return handler


def nearest_node(roads: Roads, lon: float, lat: float) -> int:
    """Nearest node of a drivable way that is no motorway."""
    usable = {
        n
        for nodes, tags in roads.ways
        if tags.get("highway") not in (None, "motorway", "motorway_link", "track")
        for n in nodes
    }
    numbers = sorted(usable)
    xy = np.array([roads.places[n] for n in numbers])
    return numbers[int(np.argmin(np.hypot((xy[:, 0] - lon) * 0.82, xy[:, 1] - lat)))]


@pytest.mark.slow
def test_the_generator_writes_the_very_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(DATA / "build_demo.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    kept = sorted(
        p.relative_to(DATA) for f in FOLDERS for p in (DATA / f).rglob("*") if p.is_file()
    )
    assert made == kept
    for name in made:
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name


def test_the_quick_parts_come_out_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DATA))
    from _demo import cooperatives, people, register

    for year, table in people.county_people().items():
        name = f"population/{year}10_연령별인구현황_월간.csv"
        register.write_register(tmp_path / name, year, table)
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()
    name = "cooperatives/kftc_branches_handeul.xlsx"
    cooperatives.write_branches(tmp_path / name)
    assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()


def test_everything_together_is_small() -> None:
    files = [p for p in DATA.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(p.stat().st_size for p in files) < 3_000_000


def test_townships_are_a_clean_coverage(areas: gpd.GeoDataFrame) -> None:
    assert areas.crs == "EPSG:4326"
    assert [n[-1] for n in areas.name].count("읍") == 2
    assert [n[-1] for n in areas.name].count("면") == 12
    assert areas.is_valid.all()
    assert shapely.coverage_is_valid(areas.geometry.to_numpy())
    assert set(areas.geom_type) == {"MultiPolygon"}
    coordinates = shapely.get_coordinates(areas.geometry.to_numpy())
    assert (np.round(coordinates, 6) == coordinates).all()
    assert areas.adm_cd2.str.fullmatch(r"99710\d{5}").all()
    assert areas.adm_cd.str.fullmatch(r"\d{7}").all()
    assert areas.adm_cd2.is_unique
    # No holes between townships: only sea and neighbours are left over.
    whole = areas.union_all()
    assert sum(len(part.interiors) for part in shapely.get_parts(whole)) == 0


def test_the_island_townships_touch_nobody(areas: gpd.GeoDataFrame) -> None:
    for name in (FERRY_ISLAND, BRIDGE_ISLAND):
        own = areas.loc[areas.name == name, "geometry"].iloc[0]
        rest = areas.loc[areas.name != name].union_all()
        assert own.distance(rest) * 90_000 > 300, name


def test_villages_lie_in_their_township(areas: gpd.GeoDataFrame, villages: pd.DataFrame) -> None:
    assert 200 <= len(villages) <= 300
    assert not villages.duplicated(["eupmyeondong", "ri"]).any()
    assert villages.legal_dong_code.is_unique
    shapes = areas.set_index("adm_cd2").geometry
    points = shapely.points(villages.lon, villages.lat)
    homes = shapes.loc[villages.admin_dong_code].to_numpy()
    assert shapely.contains(homes, points).all()
    names = areas.set_index("adm_cd2").name
    assert (names.loc[villages.admin_dong_code].to_numpy() == villages.eupmyeondong).all()


def test_villages_add_up_to_the_register(villages: pd.DataFrame) -> None:
    register = by_township(2023)
    sums = villages.groupby("eupmyeondong")[["population", "population_70plus"]].sum()
    assert set(sums.index) == set(register)
    for name, people in register.items():
        assert sums.loc[name, "population"] == people.sum(), name
        assert sums.loc[name, "population_70plus"] == people[:, 14:].sum(), name
    assert (villages.population_70plus <= villages.population).all()


@pytest.mark.parametrize("year", [2013, 2023])
def test_register_totals_include_branch_offices(year: int) -> None:
    rows = read_register(year)
    county = rows["가람도 한들군"][1]
    parts = {k: v[1] for k, v in rows.items() if len(k.split()) == 3}
    offices = {k: v for k, v in parts.items() if k.endswith("출장소")}
    assert (np.sum(list(parts.values()), axis=0) == county).all()
    assert (rows["가람도"][1] == county).all()
    assert len(offices) >= 2
    assert sum(v.sum() for v in offices.values()) > 500
    # Leaving the offices out loses people, as in the real file.
    assert sum(v.sum() for k, v in parts.items() if k not in offices) < county.sum()
    # One office breaks a pattern that stops at the first 읍, 면 or 동.
    cut = {re.match(r".+?[읍면동]", k.split()[-1])[0] for k in offices}  # type: ignore[index]
    assert not cut <= set(by_township(year))
    assert len({code for code, _ in rows.values()}) == len(rows)


def test_people_age_as_people_do() -> None:
    before, after = by_township(2013), by_township(2023)
    index = {}
    for name, now in after.items():
        index[name] = now[1, 4:8].sum() / now[:, 13:].sum()
        change = now.sum() / before[name].sum() - 1
        assert -0.36 < change < 0.05, name
        # Nobody is born at 70: an old cohort shrinks but for small numbers and a few movers.
        old = before[name][:, 12:18]
        assert (now[:, 14:20] <= old + 3.0 * np.sqrt(old) + 2).all(), name
    assert min(index.values()) == pytest.approx(0.07, abs=0.015)
    assert max(index.values()) == pytest.approx(0.40, abs=0.02)
    assert max(index, key=index.__getitem__) == "한들읍"
    county = np.sum(list(after.values()), axis=0)
    assert county[1, 16:].sum() > 1.6 * county[0, 16:].sum()
    assert county[:, 11:14].sum() > 4 * county[:, 0:3].sum() / 2
    assert after["한들읍"].sum() > before["한들읍"].sum()


def test_institutions_have_the_quirks_of_the_published_list(villages: pd.DataFrame) -> None:
    with LTC.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "기관코드", "기관명", "시도", "시군구", "법정동", "주소", "유형", "정원", "물리치료사",
        "작업치료사", "요양보호사", "사회복지사", "간호사", "지정일",
    ]  # fmt: skip
    assert 28 <= len(rows) <= 36
    codes = [r["기관코드"] for r in rows]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[123]99710\d{5}", c) for c in codes)
    assert all(re.search(r"[로길]  \d", r["주소"]) for r in rows)
    assert all(re.fullmatch(r"20\d{6}", r["지정일"]) for r in rows)
    assert any(not r["법정동"] for r in rows)
    assert any(not r["유형"] for r in rows)
    kinds = {k for r in rows for k in r["유형"].split("·")}
    assert kinds >= {
        "방문요양", "방문목욕", "방문간호", "주야간보호", "노인요양시설", "노인요양공동생활가정",
        "복지용구",
    }  # fmt: skip
    towns = [r["주소"].split()[2] for r in rows]
    assert FERRY_ISLAND not in towns
    assert len(set(by_township(2023)) - set(towns)) >= 4
    # Some 길 are named after a village of the township, so that an address can be placed there.
    bases = {(v.eupmyeondong, v.ri[:-1] + "길") for v in villages.itertuples()}
    placed = [(t, r["주소"].split()[3]) in bases for t, r in zip(towns, rows, strict=True)]
    assert 8 <= sum(placed) < len(rows)


def test_health_posts_stand_in_their_township(areas: gpd.GeoDataFrame) -> None:
    data = json.loads(HIRA.read_text(encoding="utf-8"))
    shapes = areas.set_index("name").geometry
    kinds = defaultdict(int)
    for row in data["hospitals"] + data["pharmacies"]:
        assert shapes[row["emd_nm"]].contains(shapely.Point(row["x"], row["y"])), row["name"]
        assert row["tel"].startswith("000-0000-")
        kinds[row.get("cl_nm", "약국")] += 1
    assert kinds["보건소"] == 1
    assert kinds["보건지소"] >= 8
    assert {"병원", "의원", "보건진료소", "약국"} <= set(kinds)


def test_welfare_and_emergency_care_are_where_rules_look_for_them(
    areas: gpd.GeoDataFrame, villages: pd.DataFrame
) -> None:
    with WELFARE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({r["facility_id"] for r in rows}) == len(rows)
    kinds = defaultdict(list)
    for row in rows:
        for kind in row["service"].split("·"):
            kinds[kind].append(row)
    county, shapes = areas.union_all(), areas.set_index("name").geometry
    halls = kinds["경로당"]
    assert 150 <= len(halls) < len(villages)
    at = {(v.eupmyeondong, v.ri): (v.lon, v.lat) for v in villages.itertuples()}
    for row in halls:
        place = shapely.Point(float(row["lon"]), float(row["lat"]))
        assert county.contains(place), row["name"]
        # A hall stands in its village: within a hundred metres, in rough degrees.
        village = row["name"].removesuffix("경로당")
        gaps = [place.distance(shapely.Point(xy)) for (_, ri), xy in at.items() if ri == village]
        assert min(gaps) < 0.0012, row["name"]
    on_island = [
        r
        for r in halls
        if shapes[FERRY_ISLAND].contains(shapely.Point(float(r["lon"]), float(r["lat"])))
    ]
    assert on_island
    assert {r["service"] for r in rows if "복지관" in r["service"]} == {
        "노인복지관",
        "종합사회복지관",
    }
    (regional,) = kinds["권역응급의료센터"]
    outside = shapely.Point(float(regional["lon"]), float(regional["lat"]))
    assert not county.contains(outside)
    assert county.distance(outside) < 0.1
    (institution,) = kinds["지역응급의료기관"]
    # The same hospital is on the list of HIRA, so that a reader must join the two.
    hira = json.loads(HIRA.read_text(encoding="utf-8"))["hospitals"]
    assert institution["name"] in {row["name"] for row in hira}
    assert not institution["lon"]


def read_branches() -> list[list[str]]:
    book = openpyxl.load_workbook(DATA / "cooperatives/kftc_branches_handeul.xlsx")
    header, *rows = [[str(c) for c in r] for r in book.active.iter_rows(values_only=True)]
    assert header == [str(k) for k in range(9)]
    assert {(len(r[1]), len(r[2]), len(r[6]), len(r[8])) for r in rows} == {(10, 15, 50, 7)}
    return [[unicodedata.normalize("NFKC", c).strip() for c in r] for r in rows]


def test_sixteen_branches_remain_after_the_usual_filter() -> None:
    rows = read_branches()
    branches = [
        r
        for r in rows
        if r[1] == "농축협" and r[7] == "정상" and not re.search("축산|축협|보증센터|지부", r[2])
    ]
    assert len(branches) == 16
    assert len(rows) - len(branches) >= 6
    assert sum(r[2].endswith("농협") for r in branches) == 9
    with (DATA / "cooperatives/willingness.csv").open(encoding="utf-8", newline="") as file:
        willing = {r["coop_code"]: float(r["willing"]) for r in csv.DictReader(file)}
    assert set(willing) == {r[0] for r in branches}
    assert 0.0 in willing.values()
    assert all(0.0 <= w <= 1.0 for w in willing.values())


def test_a_cooperative_and_its_care_centre_share_an_address() -> None:
    office = next(r for r in read_branches() if r[2] == "노송농협")[6]
    with LTC.open(encoding="utf-8", newline="") as file:
        centre = next(r for r in csv.DictReader(file) if r["기관명"].startswith("노송농협"))
    assert centre["주소"].replace("  ", " ").startswith(office + " (")


def test_ways_are_tagged_like_openstreetmap(roads: Roads) -> None:
    classes = defaultdict(int)
    for nodes, tags in roads.ways:
        assert len(nodes) >= 2
        assert set(nodes) <= set(roads.places)
        classes[tags.get("highway", tags.get("route"))] += 1
    assert 1_500 <= len(roads.ways) <= 4_000
    assert set(classes) == {
        "motorway", "motorway_link", "trunk", "secondary", "tertiary", "unclassified",
        "residential", "track", "ferry",
    }  # fmt: skip
    ferries = [tags for _, tags in roads.ways if tags.get("route") == "ferry"]
    assert len(ferries) == 1
    assert re.fullmatch(r"\d\d:\d\d", ferries[0]["duration"])
    assert ferries[0]["interval"] == "01:30"
    assert any(tags.get("oneway") == "yes" and tags["highway"] == "residential"
               for _, tags in roads.ways if "highway" in tags)  # fmt: skip
    assert any(tags.get("tunnel") == "yes" for _, tags in roads.ways)
    # The motorway meets other roads at its interchange only.
    fast = {n for ns, tags in roads.ways if tags.get("highway") == "motorway" for n in ns}
    links = {n for ns, tags in roads.ways if tags.get("highway") == "motorway_link" for n in ns}
    plain = {n for ns, tags in roads.ways
             if tags.get("highway") not in ("motorway", "motorway_link") for n in ns}  # fmt: skip
    assert not fast & plain
    assert len(links & plain) == 1


def test_bridge_and_ferry_are_the_only_ways_to_the_islands(
    roads: Roads, villages: pd.DataFrame
) -> None:
    seats = villages.loc[villages.groupby("eupmyeondong").population.idxmax()]
    at = {v.eupmyeondong: nearest_node(roads, v.lon, v.lat) for v in seats.itertuples()}
    everything, no_ferry, no_bridge = roads.parts(), roads.parts("route"), roads.parts("bridge")
    main = everything[at["한들읍"]]
    assert {everything[n] for n in at.values()} == {main}
    cut_off = {t for t, n in at.items() if no_ferry[n] != no_ferry[at["한들읍"]]}
    assert cut_off == {FERRY_ISLAND}
    cut_off = {t for t, n in at.items() if no_bridge[n] != no_bridge[at["한들읍"]]}
    assert cut_off == {BRIDGE_ISLAND}
    joined = [everything[nearest_node(roads, v.lon, v.lat)] == main for v in villages.itertuples()]
    alone = villages[~np.array(joined)]
    assert list(alone.eupmyeondong) == [ISLET]
    # A few pieces join nothing, so that their report is exercised.
    assert 5 <= len(set(everything.values())) <= 20


def test_villages_stand_beside_a_road(roads: Roads, villages: pd.DataFrame) -> None:
    scale = np.array([91_700.0, 110_930.0])
    lines = [
        shapely.LineString(np.array([roads.places[n] for n in nodes]) * scale)
        for nodes, tags in roads.ways
        if tags.get("highway") in ("trunk", "secondary", "tertiary", "unclassified", "residential")
    ]
    points = shapely.points(villages[["lon", "lat"]].to_numpy() * scale)
    tree = shapely.STRtree(lines)
    _, gaps = tree.query_nearest(points, return_distance=True, all_matches=False)
    assert gaps.max() < 60


def test_names_and_codes_are_not_real(shared_data: Path, areas: gpd.GeoDataFrame) -> None:
    korea = shared_data / "korea"
    names = {*areas.name, "한들군", "가람도"}
    topo = korea / "boundaries/skorea-submunicipalities-2018-topo.json"
    shapes = next(iter(json.loads(topo.read_text(encoding="utf-8"))["objects"].values()))
    real = {s["properties"]["name"] for s in shapes["geometries"]}
    assert len(real) > 3_000
    register = (korea / "population/202310_연령별인구현황_월간.csv").read_bytes().decode("cp949")
    labels = re.findall(r'^"([^"(]+?) *\((\d{10})\)', register, flags=re.MULTILINE)
    assert len(labels) == 3_878
    real |= {word for label, _ in labels for word in label.split()}
    assert not names & real
    assert not {code[:2] for _, code in labels} & {"99"}
