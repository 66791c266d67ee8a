"""The chapters on need, rules, sureness and actors, held against the tables they are made from."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from ruralcare import Scenario, run
from ruralcare.report.cards import extinction_cards
from ruralcare.report.certainty import certainty
from ruralcare.report.document import document
from ruralcare.report.figures import Figures
from ruralcare.report.headings import badges
from ruralcare.report.official import actor_rows, equity_rows, rule_rows, similar_rows
from ruralcare.report.outlook import answer_rows, emptying_rows, outlook_rows
from ruralcare.report.subject import of_results


@pytest.fixture(scope="module")
def results(scenarios):
    return run(Scenario.read(scenarios / "demo.toml"), until="need")


@pytest.fixture(scope="module")
def figures(results):
    return Figures(of_results(results).speaking("en"))


def number(text):
    return float(text.replace(",", "").rstrip("%").strip())


def test_the_outlook_sums_the_townships(results, figures):
    years = [results.people.year, *(period.year for period in results.scenario.plan.periods)]
    subject = replace(figures.subject, years=tuple(years))
    rows = {row["name"]: row["cells"] for row in outlook_rows(Figures(subject))["rows"]}
    sums = results.need.outlook.groupby("year")["population"].sum()
    assert [number(cell) for cell in rows["Population"]] == [round(sums[year]) for year in years]
    need = results.need.frame.groupby(["service", "year"])["need_persons"].sum()
    found = [number(cell) for cell in rows["In need: Day care"]]
    assert found == [round(need["day_care", year]) for year in years]


def test_every_township_and_service_has_one_answer(results, figures):
    told = [
        (service["service"], name)
        for row in answer_rows(figures)
        for service in row["services"]
        for name in service["townships"]
    ]
    assert len(told) == len(set(told))
    today = results.need.of_year()
    assert len(told) == (today["response"] != "none").sum()


def test_the_emptying_townships_come_first(results, figures):
    rows = emptying_rows(figures)["rows"]
    facts = results.need.indicators
    by_index = facts.sort_values("extinction_index", kind="stable")["name"].tolist()
    assert [row["name"] for row in rows] == by_index
    assert len({row["rank"] for row in rows}) > 1
    assert {row["designated"] for row in rows} == {"–"}, "an invented county is on no list"


def test_sure_unsure_and_surely_not_are_all_townships(results, figures):
    found = certainty(figures)
    for row in found["summary"]:
        assert sum(number(row[key]) for key in ("surely", "never", "unsure")) == 14
    share = results.sureness.shares.query("year == @results.people.year")["underserved_share"]
    open_ = ((share > 0.1 + 1e-9) & (share < 0.9 - 1e-9)).sum()
    assert sum(number(row["unsure"]) for row in found["summary"]) == open_
    turning = results.sureness.decisive.groupby(["township_id", "service"]).ngroups
    assert sum(bool(row["turns"]) for row in found["unsure"]["rows"]) == turning


def test_rules_count_every_township(results, figures):
    for row in rule_rows(figures):
        counts = dict(row["counts"])
        assert sum(number(count) for count in counts.values()) == 14
        assert number(counts["underserved"]) == len(row["townships"])


def test_the_nearest_actor_of_each_kind_is_told(results, figures):
    found = actor_rows(figures)
    at = found["kinds"].index("Day care")
    day = results.actors[results.actors["kind"] == "day_care"].dropna(subset="time_min")
    for township, row in zip(results.townships.frame.index, found["rows"], strict=True):
        mine = day[day["township_id"] == township]
        cell = row["cells"][at]
        if mine.empty:
            assert cell["name"] == "–"
        else:
            assert cell["time"] == f"{round(mine['time_min'].min())} min"
            assert int(cell["count"]) == len(mine)


def test_a_list_that_is_missing_is_no_absence(results, figures):
    """Without any health institution in the data, none is said to be out of reach."""
    facilities = results.places.facilities
    health = ("hospital", "clinic", "pharmacy", "health_centre", "health_post")
    kept = facilities.frame[~facilities.frame["kind"].isin(health)]
    offers = facilities.offers[facilities.offers["facility_id"].isin(kept.index)]
    offers = offers[~offers["service"].isin(health)]
    places = replace(results.places, facilities=replace(facilities, frame=kept, offers=offers))
    actors = results.actors[~results.actors["kind"].isin(("clinic", "health_centre"))]
    subject = replace(figures.subject, places=places, actors=actors)
    found = actor_rows(Figures(subject))
    at = found["kinds"].index("Health post · Public health centre")
    told = {row["cells"][at]["name"] for row in found["rows"]}
    assert "–" not in told
    none = actors[~actors["kind"].isin(health)]
    stub = actors[actors["kind"].isin(health)].head(1)
    subject = replace(subject, actors=pd.concat([none, stub]))
    found = actor_rows(Figures(subject))
    at = found["kinds"].index(
        next(kind for kind in found["kinds"] if "ealth" in kind or "ospital" in kind)
    )
    assert "no data" in {row["cells"][at]["name"] for row in found["rows"]}


def test_equity_has_both_ends_of_the_plan(figures):
    for row in equity_rows(figures):
        assert len(row["cells"]) == 1, "nothing opens without a plan"
        assert 0 < number(row["cells"][0]["gini"]) < 1


def test_who_resembles_a_model_is_told(results, figures):
    models = similar_rows(figures)
    assert models[0]["name"] == "은계면"
    assert all(len(model["rows"]) for model in models)
    assert not any("-0.0" in row["alike"] + row["unlike"] for one in models for row in one["rows"])


def test_an_unknown_index_is_no_safety(results, figures):
    need = results.need
    blind = need.outlook.assign(extinction_index=pd.NA, extinction_class=pd.NA)
    subject = replace(figures.subject, need=replace(need, outlook=blind))
    cards = extinction_cards(Figures(subject))
    assert (cards[0]["value"], cards[1]["value"]) == ("–", "–")


def test_a_service_that_no_list_holds_is_told_on_the_page(results, figures):
    table = results.access[0]
    without = replace(table, offers=table.offers[table.offers["service"] != "day_care"])
    subject = replace(figures.subject, access=(without,))
    texts = [badge["text"] for badge in badges(subject)]
    assert "No institution in the data: Day care" in texts
    assert not any("No institution" in badge["text"] for badge in badges(figures.subject))


def test_the_korean_report_speaks_korean(results):
    html = document(results, "ko")
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S)
    for chapter in ("판정은 얼마나 확실한가", "공식 기준으로 본 취약 지역", "성공 사례"):
        assert chapter in text
    words = re.findall(r"\b[A-Z][a-z]{3,}(?: [a-z]{3,}){2,}", text)
    assert not words, words[:5]
