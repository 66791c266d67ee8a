"""The report as text, and its charts and small maps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import report_cases as cases
from hypothesis import given
from hypothesis import strategies as some

from ruralcare.report import document
from ruralcare.report.charts import Line, spread, stage_chart
from ruralcare.report.classes import access_classes, breaks_min
from ruralcare.report.svgmap import SmallMaps


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cases.results(tmp_path_factory.mktemp("small"))


def _text(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_report_tells_finding_plan_proof_and_sources(results):
    html = document(results, "en")
    text = _text(html)
    assert text.count("rises from 53.1 % to 96.1 %") == 2  # title and heading
    for part in (
        "What opens when, at what cost, and why",
        "다솔농협",
        "KRW 450 million",
        "What remains unserved, and why",
        "No plan that keeps the rules can be better.",
        "Proven upper limit: 188.1 points",
        "어딘가요양원",
        "지어낸 경계(CC0)",
        "Only a ferry links it to the nearest institution",
    ):
        assert part in text, part
    # Home-visit care after the plan: 74 in need, 70 served, all within the standard.
    row = re.search(r"of these within it, but without room (.*?) Day care", text).group(1)
    assert row.split()[-5:] == ["care", "4", "5.4%", "0", "4"]


def test_the_report_needs_nothing_and_runs_nothing(results):
    html = document(results)
    assert document(results) == html
    assert "<script" not in html
    assert not re.search(r"\b(src|href)=\"(?!#)", html)
    assert "script-src 'none'" in html
    assert '<html lang="ko">' in html


def test_the_korean_report_is_korean(results):
    text = _text(document(results, "ko"))
    for word in ("ruralcare", "CC0", "invented", "small", results.scenario.hash):
        text = text.replace(word, "")
    # Reasons and notes of other rooms are theirs to translate; headings and tables are ours.
    assert not re.search(r"\b(Service|Stage|Township|Capital|Standard|Budget|Glossary)\b", text)


def test_hostile_names_stay_text(tmp_path):
    html = document(cases.results(tmp_path, hostile=True))
    assert "<script" not in html
    assert "<img" not in html
    assert "onmouseover=alert" not in re.sub(r"&[^;]+;", "&", html).replace("&b onmouseover", "")
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "{{ 7*7 }}" in html


def test_a_run_without_plan_has_no_plan_chapters(tmp_path):
    text = _text(document(cases.results(tmp_path, until="need"), "en"))
    assert "What opens when" not in text
    assert "How good the plan is" not in text
    assert "Where it is most urgent" in text


@given(some.lists(some.floats(0, 300), max_size=8), some.floats(1, 40))
def test_labels_are_moved_apart_and_keep_their_order(positions, least):
    moved = spread(positions, least)
    order = sorted(range(len(positions)), key=lambda i: (positions[i], i))
    gaps = np.diff([moved[i] for i in order])
    assert (gaps >= least - 1e-6).all()
    if len(positions) and np.diff(sorted(positions)).min(initial=1e9) >= least:
        np.testing.assert_allclose(moved, positions)


def test_the_chart_puts_shares_where_they_belong():
    lines = [Line("a", "#000000", "", [0.0, 1.0]), Line("b", "#111111", "", [0.5, 0.99])]
    svg = ET.fromstring(stage_chart(lines, ["now", "later"], "t").replace("<svg", "<svg"))
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in svg.iter("circle")]
    # 0 % and 100 % lie on the lowest and highest grid lines, one half in the middle.
    grid = sorted(float(line.get("y1")) for line in svg.iter("line"))
    assert circles[0][1] == grid[-1]
    assert circles[1][1] == grid[0]
    assert circles[2][1] == pytest.approx((grid[0] + grid[-1]) / 2, abs=0.1)
    names = [float(t.get("y")) for t in svg.iter("text") if t.get("class") == "name"]
    assert abs(names[0] - names[1]) >= 18.9


def test_small_maps_fill_each_township_once(results):
    maps = SmallMaps(results.townships.frame)
    classes = access_classes(breaks_min(20, 60), 60)
    svg = maps.map(np.array([0, 1, 4, 6]), classes, "today")
    assert re.findall(r"#t(\d)", svg) == ["0", "1", "2", "3"]
    fills = re.findall(r'<g fill="([^"]+)"', svg)
    assert fills == [classes[0].colour, classes[1].colour, classes[4].colour, "url(#p-cross)"]
    assert maps.definitions().count('<path id="t') == 4
