"""The numbers of a page against a calculation by hand (see report_cases)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import report_cases as cases

from ruralcare.report.cards import access_cards, extinction_cards, status_cards
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import finding, money, quality, stage_note
from ruralcare.report.subject import of_access, of_need, of_plan, of_results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cases.results(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def figures(results):
    return Figures(of_results(results))


def test_access_need_and_status_of_each_stage(figures):
    home, day = 0, 1
    np.testing.assert_allclose(figures.nearest_min[home, 0], [5, 15, 25, 50])
    # d: 12 and 19 minutes for half of the people each.
    np.testing.assert_allclose(figures.nearest_min[home, 1], [5, 15, 4, 15.5])
    assert np.isnan(figures.nearest_min[day, 0, 3])
    np.testing.assert_allclose(figures.need[home, 0], [30, 20, 14, 10])
    np.testing.assert_allclose(figures.need[day, 2], [12, 8, 5.6, 4])
    # 40 places for 50 people within reach: a and b share them.
    np.testing.assert_allclose(figures.unmet[home, 0], [6, 4, 14, 10])
    # Then 70 for 74. Of b, 80/7 turn to the 40 places and 60/7 to the 30 places.
    old, new = 40 / (30 + 80 / 7), 30 / (24 + 60 / 7)
    by_hand = [30 * (1 - old), 20 - 80 / 7 * old - 60 / 7 * new, 14 * (1 - new), 10 * (1 - new)]
    np.testing.assert_allclose(figures.unmet[home, 2], by_hand)
    assert sum(by_hand) == pytest.approx(4)
    assert figures.underserved[home].tolist() == [
        [False, False, True, True],
        [False, False, False, False],
        [False, False, False, False],
    ]
    assert figures.reasons(home, 0) == [(), (), ("too_far",), ("too_far", "ferry_only")]
    assert figures.reasons(day, 0)[3] == ("unreachable",)


def test_classes_tell_far_beyond_the_cutoff_and_unreachable_apart(figures):
    # Breaks of home-visit care: 10, 20, 30, 40 minutes; of day care: 15, 30, 40, 50.
    assert figures.access_class[0].tolist() == [[0, 1, 2, 4], [0, 1, 0, 1], [0, 1, 0, 1]]
    assert figures.access_class[1].tolist() == [[0, 1, 2, 6], [0, 1, 2, 6], [0, 1, 0, 1]]


def test_totals(figures):
    assert figures.within_standard(0, 0) == pytest.approx(50 / 74)
    # Half of d arrives, so its 50 minutes count for 5 people in need.
    by_hand = (5 * 30 + 15 * 20 + 25 * 14 + 50 * 5) / (30 + 20 + 14 + 5)
    assert figures.mean_nearest_min(0, 0) == pytest.approx(by_hand)
    assert figures.arriving(0, 0) == pytest.approx((30 + 20 + 14 + 5) / 74)
    np.testing.assert_allclose(figures.served_totals, [[40, 70, 70], [15, 15, 29.6]])
    assert figures.served_share(None, 0) == pytest.approx(55 / 103.6)
    assert figures.served_share(None, 2) == pytest.approx(99.6 / 103.6)
    assert [figures.sites_opened(stage) for stage in range(3)] == [0, 1, 1]
    assert figures.sites_opened(1, "day_care") == 0
    assert [figures.capital_mkrw(stage) for stage in range(3)] == [0, 60, 510]


def test_the_finding_names_sites_year_and_shares(figures):
    text = finding(figures).render("en")
    assert text == (
        "With 1 sites open by 2028, the share of care need met within the standard "
        "rises from 53.1 % to 96.1 %"
    )
    note = stage_note(Figures(figures.subject.speaking("en")), 2).render("en")
    assert note == "New at 1 sites: Day care 1. Cost KRW 450 million."


def test_a_mean_time_tells_of_whom_it_is(figures):
    english = Figures(figures.subject.speaking("en"))
    today = access_cards(english, 0, 0)[1]
    assert today["label"] == "Mean time to the nearest"
    assert today["basis"] == "of the 93.2 % of people in need who arrive"  # 69 of 74
    # At stage 1 more people arrive than today: another mean of other people, no gain or loss.
    later = access_cards(english, 0, 1)[1]
    assert later["basis"] == "of the 100.0 % of people in need who arrive"
    assert later["change"].startswith("▼")
    assert later["tone"] == 0
    # Day care: nobody new arrives at stage 1, all do at stage 2.
    assert access_cards(english, 1, 1)[1]["basis"] == access_cards(english, 1, 0)[1]["basis"]
    assert access_cards(english, 1, 2)[1]["basis"] == "of the 100.0 % of people in need who arrive"


def test_a_mean_of_nobody_has_no_basis(results):
    subject = of_access(results.access[0], results.townships)
    nobody = results.access[0].frame.assign(
        nearest_min=np.nan,
        nearest_p10_min=np.nan,
        nearest_p50_min=np.nan,
        nearest_p90_min=np.nan,
        second_min=np.nan,
        backup_share=0.0,
        proxy_share=np.nan,
        covered_share=0.0,
        beyond_standard_share=0.0,
        beyond_cutoff_share=0.0,
        unreachable_share=1.0,
        unsnapped_share=0.0,
    )
    table = replace(results.access[0], frame=nobody)
    figures = Figures(replace(subject, access=(table,)).speaking("en"))
    card = access_cards(figures, 0, 0)[1]
    assert card["value"] == "–"
    assert "basis" not in card


def test_cards_show_the_figures_and_their_change(figures):
    english = Figures(figures.subject.speaking("en"))
    cards = {card["label"]: card for card in access_cards(english, 0, 2)}
    within = cards["People in need within 20 min"]
    assert (within["value"], within["change"], within["tone"]) == ("100.0", "▲ 32.4 %p", 1)
    assert cards["Underserved townships"]["value"] == "0"
    assert cards["Underserved townships"]["change"] == "▼ 2 places"
    assert cards["People with a place"]["value"] == "70"
    assert cards["Sites opened so far"]["value"] == "1"
    assert cards["Capital spent so far"]["value"] == "KRW 510 million"
    # c (300) and d (200) of 2,000 people have an index below 0.2.
    assert extinction_cards(english)[0]["value"] == "25.0"
    # Today c and d lack something: 500 of 2,000 people.
    assert status_cards(english, 0)[0]["value"] == "25.0"


def test_money_is_written_as_each_language_counts_it():
    assert money(1250, "en").values["amount"] == "1,250"
    assert money(1250, "ko").values["amount"] == "12.5"
    assert money(36_000, "ko").values["amount"] == "360"


def test_quality_never_promises_too_much(figures):
    first = quality(figures)[0]
    assert first.template == "No plan that keeps the rules can be better."

    class Near:
        objective, bound, relative_gap, termination = 95.0, 100.0, 0.05, "gap"

    class Subject:
        plan = Near()

    class Stand:
        subject = Subject()

    above = quality(Stand())[0].values["above"]
    assert above >= 100 * (100.0 / 95.0 - 1) > 5.0
    assert above == pytest.approx(5.27)


def test_a_need_table_and_an_access_table_show_what_they_hold(results):
    need = Figures(of_need(results.need))
    assert need.shape == (2, 1, 4)
    assert need.basis == "need"
    assert need.underserved[0, 0].tolist() == [False, False, True, True]
    assert need.openings.empty
    access = Figures(of_access(results.access[0], results.townships))
    assert access.basis == "townships"
    assert access.underserved is None
    assert access.within_standard(0, 0) == pytest.approx(0.5)
    assert math.isnan(access.served_share(None, 0))
    assert finding(access).render("en") == (
        "On average 50 % of a township does not reach Home-visit care within 20 min"
    )


def test_a_plan_knows_the_access_of_its_stages(results, figures):
    alone = Figures(of_plan(results.plan))
    np.testing.assert_allclose(alone.nearest_min, figures.nearest_min)
    np.testing.assert_allclose(alone.unmet, figures.unmet)
    np.testing.assert_allclose(alone.served_totals, figures.served_totals)
