"""The map page in Chromium with the network cut."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pandas as pd
import pytest
import report_cases as cases

from ruralcare.report import document, map_page
from ruralcare.report.subject import of_results

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cases.results(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def path(results, tmp_path_factory):
    return map_page(results).save(tmp_path_factory.mktemp("page") / "map.html")


@pytest.fixture
def one(visit, path):
    opened = visit(path)
    yield opened
    assert opened.requests == []
    assert opened.complaints == []


def _at(page, i: int) -> tuple[float, float]:
    """Where on the screen the label of a township lies."""
    return tuple(
        page.evaluate(
            """(i) => {
                const at = RuralCare.app.map.latLngToContainerPoint(
                    RuralCare.degrees(RuralCare.app.data.townships.label[i]));
                const box = RuralCare.app.map.getContainer().getBoundingClientRect();
                return [box.left + at.x, box.top + at.y];
            }""",
            i,
        )
    )


def _colour(page, i: int, dx: float = 0.0) -> list[int]:
    """Colour of the map a little off the label of a township."""
    return page.evaluate(
        """([i, dx]) => {
            const app = RuralCare.app, canvas = app.canvas;
            const at = app.map.latLngToLayerPoint(
                RuralCare.degrees(app.data.townships.label[i])).subtract(canvas._bounds.min);
            const spot = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
            const x = (at.x + dx) * canvas.ratio, y = (at.y + dx) * canvas.ratio;
            spot.drawImage(canvas._container, Math.round(x), Math.round(y), 1, 1, 0, 0, 1, 1);
            return [...spot.getImageData(0, 0, 1, 1).data];
        }""",
        [i, dx],
    )


def _rgb(colour: str) -> list[int]:
    return [*(int(colour[i : i + 2], 16) for i in (1, 3, 5)), 255]


def test_stages_switch_figures_and_colours(one, results):
    page = one.page
    classes = map_page(results).data["layers"][0]["classes"]
    cards = page.locator("#cards")
    assert "67.6" in cards.inner_text()
    assert _colour(page, 2, 40) == _rgb(classes[2]["colour"])  # 25 minutes
    page.get_by_role("radio", name="1단계 2027").check()
    assert "100.0" in cards.inner_text()
    assert "▲ 32.4%p" in cards.inner_text()
    assert _colour(page, 2, 40) == _rgb(classes[0]["colour"])  # 4 minutes
    assert "방문요양 1" in page.locator("#stage-note").inner_text()
    page.get_by_role("radio", name="2단계 2028").check()
    page.get_by_role("radio", name="주야간보호").check()
    assert page.locator("#legend-title").inner_text() == "가장 가까운 주야간보호까지 걸리는 시간"
    assert "5.1억 원" in cards.inner_text()


def test_every_layer_draws(one):
    page = one.page
    for name in ("방문요양", "주야간보호", "돌봄 공백", "인구감소"):
        page.get_by_role("radio", name=name).check()
        assert page.locator("#legend li").count() >= 3
        shares = [int(text) for text in re.findall(r"(\d+)%", page.locator("#legend").inner_text())]
        assert 98 <= sum(shares) <= 102


def test_the_player_runs_through_the_stages(one):
    page = one.page
    page.get_by_role("button", name="단계 차례로 보기").click()
    last = page.get_by_role("radio", name="2단계 2028")
    assert not last.is_checked()
    for _ in range(60):
        page.wait_for_timeout(100)
        if last.is_checked():
            break
    assert last.is_checked()
    page.get_by_role("button", name="단계 차례로 보기").wait_for()


def test_a_click_opens_the_drawer(one):
    page = one.page
    page.mouse.click(*_at(page, 3))
    drawer = page.locator("#drawer")
    assert drawer.get_by_role("heading", name="라온면").is_visible()
    text = drawer.inner_text()
    for part in ("200명", "100.0%", "고위험", "배편으로만", "기준 20분 밖에 사는 주민이 많습니다"):
        assert part in text, part
    assert "50.0분" in text
    # Half of the people find nothing within an hour.
    page.get_by_role("radio", name="2단계 2028").check()
    assert "15.5분" in drawer.inner_text()
    page.get_by_role("button", name="닫기").click()
    assert not drawer.is_visible()


def test_the_drawer_tells_what_opens_here_and_why(one):
    page = one.page
    page.mouse.click(*_at(page, 2))
    text = page.locator("#drawer").inner_text()
    assert "다솔농협" in text
    assert "4.5억 원" in text
    assert text.count("명 이용 가능") >= 2


def test_the_keyboard_walks_and_opens(one):
    page = one.page
    page.locator("#map_ruralcare").focus()
    page.keyboard.press("Enter")
    first = page.locator("#live").inner_text()
    assert "방문요양" in first
    seen = {first}
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
        seen.add(page.locator("#live").inner_text())
    assert len(seen) >= 3
    page.keyboard.press("Enter")
    name = page.locator("#drawer h2")
    assert name.is_visible()
    assert name.evaluate("(element) => element === document.activeElement")
    page.keyboard.press("Escape")
    assert not page.locator("#drawer").is_visible()
    assert page.evaluate("document.activeElement.id") == "map_ruralcare"


@pytest.mark.parametrize(
    ("typed", "found"), [("다솔", "다솔면"), ("ㄹㅇ", "라온면"), ("주간보호", "가람주간보호")]
)
def test_search_finds_townships_and_institutions(one, typed, found):
    page = one.page
    page.get_by_role("combobox").first.fill(typed)
    option = page.get_by_role("option").first
    assert option.inner_text().startswith(found)
    assert option.is_visible()
    page.keyboard.press("Enter")
    assert page.locator("#drawer").is_visible()


def test_the_table_sorts_and_saves(one):
    page = one.page
    page.get_by_role("radio", name="1단계 2027").check()
    page.get_by_role("button", name="표로 보기").click()
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    names = page.locator("#table-body th")
    assert names.all_inner_texts() == ["라온면", "나래면", "가람읍", "다솔면"]  # longest first
    dialog.get_by_role("button", name="인구").first.click()
    assert names.all_inner_texts() == ["가람읍", "나래면", "다솔면", "라온면"]
    with page.expect_download() as waiting:
        dialog.get_by_role("button", name="CSV 저장").click()
    assert waiting.value.suggested_filename == "small_home_visit_care_1.csv"
    raw = waiting.value.path().read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    by_town = {row["township_id"]: row for row in rows}
    assert by_town["c"]["nearest_min_today"] == "25"
    assert by_town["c"]["nearest_min"] == "4"
    assert by_town["d"]["covered_share"] == "1"
    assert by_town["d"]["unmet_persons"] == "0.8"
    assert by_town["d"]["status"] == "served"
    assert by_town["a"]["population"] == "1000"
    dialog.get_by_role("button", name="라온면").click()
    assert not dialog.is_visible()
    assert page.locator("#drawer").is_visible()


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """The same region today, with c far from any road and all times partly on estimated roads."""
    given = cases.times

    def changed(points, direction, cutoff_min=60.0):
        times = given(points, direction, cutoff_min)
        home = "to_id" if direction == "to_demand" else "from_id"
        frame = times.frame[times.frame[home] != "c"].assign(proxy_share=0.62)
        return replace(times, frame=frame, unsnapped=("c",), proxy=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases, "times", changed)
        found = cases.results(tmp_path_factory.mktemp("apart"), until="need", proxy=True)
    return map_page(found, "en").save(tmp_path_factory.mktemp("page") / "map.html")


def test_the_states_of_absence_are_kept_apart(visit, apart):
    one = visit(apart)
    page = one.page
    page.get_by_role("radio", name="Day care").check(force=True)
    legend = page.locator("#legend li").all_inner_texts()
    assert sum("No place can be reached" in text for text in legend) == 1
    assert sum("Too far from any road" in text for text in legend) == 1
    assert not any("Beyond 60 min" in text for text in legend), "nobody is beyond the cutoff"
    page.evaluate("RuralCare.app.open(2, true)")
    drawer = page.locator("#drawer").inner_text()
    assert "far from any road" in drawer
    assert "none in reach" not in drawer
    page.evaluate("RuralCare.app.open(0, true)")
    assert "62.0 % of this time is on estimated roads" in page.locator("#drawer").inner_text()
    page.evaluate("RuralCare.app.drawer.close()")
    page.get_by_role("button", name="Table").click()
    cells = page.locator("#table-body tr").all_inner_texts()
    assert sum("far from any road" in text for text in cells) == 1
    assert sum("none in reach" in text for text in cells) == 1
    with page.expect_download() as waiting:
        page.locator("#table-csv").click()
    text = waiting.value.path().read_text("utf-8-sig")
    rows = {row["township_id"]: row for row in csv.DictReader(io.StringIO(text))}
    states = {town: row["state"] for town, row in rows.items()}
    assert states == {"a": "reached", "b": "reached", "c": "unsnapped", "d": "unreachable"}
    assert rows["c"]["unsnapped_share"] == "1"
    assert rows["d"]["unreachable_share"] == "1"
    assert rows["a"]["proxy_share"] == "0.62"
    assert rows["c"]["proxy_share"] == ""
    assert one.complaints == []


def test_kinds_of_institutions_can_be_hidden(one):
    page = one.page
    before = page.evaluate("RuralCare.app.hot.length")
    page.get_by_role("checkbox", name="주야간보호").uncheck()
    assert page.evaluate("RuralCare.app.hot.length") == before - 1


def test_places_at_one_point_are_fanned_out(one):
    marks = one.page.evaluate(
        "RuralCare.app.hot.filter((m) => m.place.kind === 'facility').map((m) => [m.x, m.y])"
    )
    (ax, ay), (bx, by) = marks
    assert (ax - bx) ** 2 + (ay - by) ** 2 > 8**2


def test_who_arrives_stands_beside_a_mean_time(one):
    page = one.page
    assert "93.2" in page.locator("#cards .card").nth(1).inner_text()  # 69 of 74 in need
    page.evaluate("RuralCare.app.open(3, true)")
    whose = page.locator("#drawer .whose")
    assert "50.0" in whose.first.inner_text()  # half of d finds nothing within the hour
    assert whose.count() == 1
    assert "50.0" in page.evaluate("RuralCare.app.describe(3)").split("(")[1]
    assert "(" not in page.evaluate("RuralCare.app.describe(0)")
    page.evaluate("RuralCare.app.drawer.close()")
    page.locator("#table-button").click()
    with page.expect_download() as waiting:
        page.locator("#table-csv").click()
    text = waiting.value.path().read_text("utf-8-sig")
    rows = {row["township_id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert [rows[town]["arriving_share"] for town in "abcd"] == ["1", "1", "1", "0.5"]


@pytest.mark.parametrize("width", [1440, 390])
def test_proxy_links_are_seen_at_once_and_explained(visit, results, tmp_path, width):
    edges = results.roads.edges
    some = replace(results.roads, edges=edges.assign(kind="road", proxy=[False, True]))
    page = visit(map_page(replace(results, roads=some), "en").save(tmp_path / "m.html"), width).page
    key = page.locator("#road-key li").all_inner_texts()
    assert [text.strip() for text in key] == ["Roads", "Estimated road (proxy link)"]
    dashes = [
        line.get_attribute("stroke-dasharray") for line in page.locator("#road-key line").all()
    ]
    assert dashes[0] is None
    assert dashes[1]
    drawn = """() => {
        const app = RuralCare.app, canvas = app.canvas._container;
        const ctx = canvas.getContext("2d");
        const pixels = () => ctx.getImageData(0, 0, canvas.width, canvas.height).data;
        const before = pixels(), roads = app.scene.roads;
        app.scene.roads = roads.filter((road) => road.level !== 6);
        app.canvas.redraw();
        const after = pixels();
        app.scene.roads = roads;
        app.canvas.redraw();
        let count = 0;
        for (let i = 0; i < before.length; i += 4) {
            if ([0, 1, 2].some((k) => Math.abs(before[i + k] - after[i + k]) > 40)) count += 1;
        }
        return count;
    }"""
    assert page.evaluate(drawn) > 60


def test_openings_are_ringed(one):
    page = one.page
    rings = "RuralCare.app.hot.filter((m) => m.openings).map((m) => [m.openings.length, m.fresh])"
    assert page.evaluate(rings) == []
    page.get_by_role("radio", name="1단계 2027").check()
    assert page.evaluate(rings) == [[1, True]]
    page.get_by_role("radio", name="2단계 2028").check()
    assert page.evaluate(rings) == [[2, True]]


def test_the_picture_is_saved(one):
    page = one.page
    with page.expect_download() as waiting:
        page.get_by_role("button", name="그림 저장").click()
    assert waiting.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_phone_sees_header_map_and_panel_without_sideways_scroll(visit, path):
    page = visit(path, 390, 844, has_touch=True, is_mobile=True).page
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) <= 390
    tops = [page.locator(name).bounding_box()["y"] for name in ("header.top", ".map-box", ".panel")]
    assert tops == sorted(tops)
    page.touchscreen.tap(*_at(page, 0))
    assert page.locator("#drawer").is_visible()
    assert page.evaluate(width) <= 390


def test_print_shows_the_map_and_the_table(visit, path):
    page = visit(path).page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#print-map").bounding_box()["height"] > 300
    assert page.locator("#print-table tbody tr").count() == 4
    assert not page.locator("#table-button").is_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_hostile_names_are_text_everywhere(visit, tmp_path, width):
    results = cases.results(tmp_path, hostile=True)
    one = visit(map_page(results).save(tmp_path / "map.html"), width, 844)
    page = one.page
    for i in range(4):
        page.evaluate(f"RuralCare.app.open({i}, true)")
    page.get_by_role("combobox").first.fill("a")
    page.evaluate("RuralCare.app.set({stage: 2}); RuralCare.app.drawer.close()")
    page.evaluate("RuralCare.app.table.open()")
    assert page.locator("#table-body tr").count() == 4
    assert page.locator("#table-body th").first.inner_text()
    with page.expect_download() as waiting:
        page.locator("#table-csv").click()
    text = waiting.value.path().read_text("utf-8-sig")
    names = [row["name"] for row in csv.DictReader(io.StringIO(text))]
    assert set(cases.HOSTILE[:4]) == set(names)
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert one.requests == []
    assert one.complaints == []


def test_formulas_are_disarmed_in_the_csv(one):
    written = one.page.evaluate("RuralCare.csv([['=1+1', '-x', 'a,\"b\"', -5, null]])")
    assert written == '\ufeff\'=1+1,\'-x,"a,""b""",-5,\r\n'


def test_the_report_opens_without_network(visit, results, tmp_path):
    path = tmp_path / "report.html"
    parts = pd.DataFrame(
        {
            "name": ["한들군", "속리산면, 장안면, 탄부면 …", "묵도면"],
            "land": [1, 1, 2],
            "link": ["main", "none", "ferry"],
            "persons": [39_000.0, 9_352.0, 708.0],
            "institutions": [56, 3, 1],
            "road_km": [978.7, 39.9, 26.8],
            "ferry_min": pd.array([None, None, 70.0], dtype="Float64"),
            "landing": ["", "", "해동읍"],
        }
    )
    path.write_text(document(replace(of_results(results), islands=parts)), encoding="utf-8")
    for width in (1000, 390):
        one = visit(path, width, 900)
        assert one.page.locator("h1").is_visible()
        assert one.page.locator(".small-map").count() == 6
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width
        tables = one.page.locator("section.reach .wide")
        assert tables.count() == 2
        for table in tables.all():
            assert table.evaluate("(box) => box.scrollWidth - box.clientWidth") <= 0
        assert one.requests == []
        assert one.complaints == []


def test_a_notebook_frame_works(visit, results, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(
        f"<!DOCTYPE html><meta charset=utf-8>{results.need.explore()._repr_html_()}",
        encoding="utf-8",
    )
    one = visit(path)
    frame = one.page.frame_locator("iframe")
    assert frame.locator("#legend li").count() >= 5
    assert [url for url in one.requests if not url.startswith("about:srcdoc")] == []
    assert one.complaints == []
