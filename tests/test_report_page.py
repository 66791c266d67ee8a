"""The map page as text: self-contained, deterministic, escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from importlib import resources

import folium
import pytest
import report_cases as cases

from ruralcare.report import map_page
from ruralcare.report.assets import asset, leaflet_css, leaflet_js
from ruralcare.report.page import script_json
from ruralcare.report.subject import of_results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cases.results(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def html(results):
    return map_page(results).html()


def test_the_same_results_give_the_same_bytes(results, html, tmp_path):
    page = map_page(results)
    assert page.html() == html
    assert page.html() == html
    assert page.save(tmp_path / "map.html").read_bytes() == html.encode()


def test_nothing_is_loaded_from_anywhere(html):
    markup = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)=\"(?!#)", markup)
    assert "http" not in markup.replace("http-equiv", "").replace("https://schema", "")
    assert "sourceMappingURL" not in html
    assert "url(" not in leaflet_css().replace("url(#default#VML)", "")
    assert "user-scalable" not in html
    assert "maximum-scale" not in html


def test_the_policy_admits_what_stands_in_the_page_and_nothing_else(html):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html).group(1)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        texts = re.findall(rf"<{kind}>(.*?)</{kind}>", html, flags=re.DOTALL)
        assert texts
        for text in texts:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    assert not re.search(
        r"<[a-z][^>]*\s(style|on[a-z]+)=",
        re.sub(r"<(script|style)[^>]*>.*?</\1>", "", html, flags=re.DOTALL),
    )


def test_leaflet_is_the_published_one():
    manifest = json.loads(asset("manifest.json"))
    (leaflet,) = manifest["packages"]
    assert leaflet["licence"] == "BSD-2-Clause"
    folder = resources.files("ruralcare.report").joinpath("assets")
    for name, digest in leaflet["sha256"].items():
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest
    assert f'version="{leaflet["version"]}"' in leaflet_js()


def test_folium_is_the_container(results, html):
    chart = map_page(results).folium
    assert isinstance(chart, folium.Map)
    assert chart.get_name() == "map_ruralcare"
    assert "var map_ruralcare = L.map(" in html


def test_notebooks_get_a_frame_of_fixed_height(results):
    frame = map_page(results)._repr_html_()
    assert frame.startswith('<iframe srcdoc="')
    assert "<script" not in frame
    assert 'height="720"' in frame


def test_languages_differ_in_words_and_not_in_numbers(results):
    korean, english = map_page(results, "ko").data, map_page(results, "en").data
    assert english["title"] == "Care plan of a small county"
    assert korean["title"] == "작은 군 돌봄 계획"
    assert korean["townships"] == english["townships"]
    assert '<html lang="en">' in map_page(results, "en").html()


def test_every_text_of_the_page_is_in_the_korean_catalogue(results):
    """Untranslated templates stay English; Korean texts have no Latin words but names."""

    def texts(value):
        if isinstance(value, dict):
            for item in value.values():
                yield from texts(item)
        elif isinstance(value, list):
            for item in value:
                yield from texts(item)
        elif isinstance(value, str):
            yield value

    data = map_page(results, "ko").data
    parts = [data["words"], data["stages"], data["subtitle"], data["finding"], data["badges"]]
    keys = ("label", "legend", "classes", "cards")
    parts += [layer[key] for layer in data["layers"] for key in keys]
    parts += [data[key] for key in ("symbols", "precisions", "connections", "reasonWords")]
    allowed = (
        r"\{\w+\}|ruralcare|CSV|PDF|Enter|#[0-9a-f]{6}|%p|plain|hatch|cross|bars|dots|circle|"
        r"triangle|square|plus|diamond|wedge|dot|house|hexagon|site|demo|proxy|assumed"
    )
    for text in texts(parts):
        assert not re.search(r"[A-Za-z]{2,}", re.sub(allowed, "", text)), text


def test_badges_warn_of_invented_data_and_proxy_roads(results, tmp_path):
    kinds = [badge["kind"] for badge in map_page(results).data["badges"]]
    assert kinds == ["demo"]
    proxy = cases.results(tmp_path, until="access", proxy=True)
    assert [badge["kind"] for badge in map_page(proxy).data["badges"]] == ["demo", "proxy"]


def test_the_legend_counts_people(results):
    layers = {layer["id"]: layer for layer in map_page(results).data["layers"]}
    # Today: a within 10, b within 20, c within 30, d over 40 minutes.
    assert layers["access-0"]["people"][0] == [1000, 500, 300, 0, 200, 0, 0, 0, 0]
    assert layers["access-1"]["people"][0] == [1000, 500, 300, 0, 0, 0, 200, 0, 0]
    assert layers["status"]["people"][0] == [1500, 0, 500, 0]
    assert layers["extinction"]["values"] == ["2344"] * 3


def test_results_stop_where_the_chain_stopped(tmp_path):
    access = map_page(cases.results(tmp_path, until="access")).data
    assert [layer["id"] for layer in access["layers"]] == ["access-0", "access-1"]
    assert len(access["stages"]) == 1
    need = map_page(cases.results(tmp_path, until="need")).data
    assert [layer["id"] for layer in need["layers"]][2:] == ["status", "extinction"]
    assert need["openings"] == []


def test_tables_draw_themselves(results):
    need = results.need.explore()
    assert need.data["facilities"] is None
    assert [layer["id"] for layer in need.data["layers"]][-1] == "extinction"
    access = results.access[0].explore(results.townships)
    assert [layer["counted"] for layer in access.data["layers"]] == ["townships", "townships"]
    plan = results.plan.map()
    assert len(plan.data["stages"]) == 3
    assert len(plan.data["openings"]) == 2


def test_stages_of_access_can_be_drawn_without_a_plan(results):
    subject = replace(of_results(results), plan=None, need=None, places=None, stage_need=())
    data = map_page(subject).data
    assert len(data["stages"]) == 3
    assert data["stages"][1]["note"] == "이 단계에는 새로 여는 곳이 없습니다."
    assert [len(layer["values"]) for layer in data["layers"]] == [3, 3]


def test_json_cannot_end_its_script():
    text = script_json({"a": "</script><!--\u2028&"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


def test_hostile_names_stay_text(tmp_path):
    html = map_page(cases.results(tmp_path, hostile=True)).html()
    for name in cases.HOSTILE[:3]:
        assert name not in html
    # Folium takes what it rendered for a template again; our texts must not go through that.
    assert "{{ 7*7 }}" in html
    assert html.count("</script>") == len(re.findall(r"<script[ >]", html))
