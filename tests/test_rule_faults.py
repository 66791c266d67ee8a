"""Rules in a scenario file: what contradicts itself is told, what is changed is taken."""

from __future__ import annotations

import pytest

from ruralcare import InputError, Scenario
from ruralcare.scenario import RuleTarget

OWN = """
[need.rules.far]
title_ko = "먼 곳"
title_en = "Far"
source = "assumption"
dated = "2026"
share = 0.5
targets = [ { kinds = ["hospital"], within_min = 200 } ]
"""


@pytest.fixture
def demo(scenarios):
    text = (scenarios / "demo.toml").read_text("utf-8")
    return text.replace("../", f"{scenarios.parent.as_posix()}/")


def faults_of(folder, text):
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Scenario.read(path)
    return {fault.column: fault for fault in caught.value.faults}


def assess(text, names):
    before = 'assess = ["emergency_care", "national_minimum", "land_survey"]'
    assert before in text
    return text.replace(before, f"assess = {names}")


def test_a_rule_of_ones_own_and_a_change_of_a_preset(demo, tmp_path):
    path = tmp_path / "s.toml"
    text = assess(demo, '["far", "emergency_care"]') + OWN
    path.write_text(text + '\n[need.rules.emergency_care]\ncombine = "each"\n', encoding="utf-8")
    need = Scenario.read(path).need
    # A rule measures as far as it needs, whatever the cutoff of the services.
    assert need.rules["far"].targets[0].within_min == 200
    assert need.rules["emergency_care"].combine == "each"
    assert need.rules["emergency_care"].threshold_share == pytest.approx(0.27)
    assert need.assess == ("far", "emergency_care")


@pytest.mark.parametrize(
    ("names", "key", "problem", "remedy"),
    [
        ('["emergency_car"]', "need.assess[1]", "no rule of this name", "emergency_care"),
        ('["land_survey", "tides"]', "need.assess[2]", "no rule of this name", "rural_365"),
        ('["own"]', "need.assess[1]", "always assessed", "Remove"),
        ('["rural_365", "rural_365"]', "need.assess[2]", "named twice", "Remove"),
    ],
)
def test_names_that_are_no_rule(demo, tmp_path, names, key, problem, remedy):
    faults = faults_of(tmp_path, assess(demo, names))
    assert list(faults) == [key]
    assert problem in str(faults[key].problem)
    assert remedy in str(faults[key].remedy)


@pytest.mark.parametrize(
    ("change", "key", "told"),
    [
        (("share = 0.5\n", ""), "need.rules.far.share", "missing"),
        (("share = 0.5", "share = 0"), "need.rules.far.share", "every township"),
        (("share = 0.5", "share = 1.5"), "need.rules.far.share", "at most"),
        (("share = 0.5", "share = 0.5\nunmet_share = 0.3"), "need.rules.far.unmet_share", "Room"),
        (('"assumption"', '"assumption"\nprofile = "storm"'), "need.rules.far.profile", "profile"),
        (('["hospital"]', '["hospitl"]'), "need.rules.far.targets[1].kinds", "no such kind"),
        (('["hospital"]', "[]"), "need.rules.far.targets[1].kinds", "is empty"),
        (("within_min = 200", "within_min = 200, within_km = 3"), "need.rules.far.targets[1]",
         "within_min or within_km"),
        ((", within_min = 200", ""), "need.rules.far.targets[1]", "within_min or within_km"),
        (("within_min = 200", "within_min = 0"), "need.rules.far.targets[1].within_min", "above"),
        (('targets = [ { kinds = ["hospital"], within_min = 200 } ]', ""), "need.rules.far.targets",
         "nothing that people must reach"),
        (("share = 0.5", 'share = 0.5\ncombine = "some"'), "need.rules.far.combine", "allowed"),
        (("share = 0.5", "share = 0.5\ntolerance = 1"), "need.rules.far.tolerance", "below"),
    ],
)  # fmt: skip
def test_rules_that_do_not_hold_together(demo, tmp_path, change, key, told):
    assert change[0] in OWN
    faults = faults_of(tmp_path, demo + OWN.replace(*change, 1))
    assert list(faults) == [key]
    assert told in str(faults[key].problem)
    assert str(faults[key].remedy)


def test_the_own_rule_has_no_targets(demo, tmp_path):
    text = '\n[need.rules.own]\ntargets = [ { kinds = ["hospital"], within_min = 30 } ]\n'
    faults = faults_of(tmp_path, demo + text)
    assert list(faults) == ["need.rules.own.targets"]
    assert "services of the scenario" in str(faults["need.rules.own.targets"].problem)


def test_a_kind_unlike_all_known_ones_may_be_the_users_own(demo, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(demo + OWN.replace('["hospital"]', '["bank"]'), encoding="utf-8")
    assert Scenario.read(path).need.rules["far"].targets[0].kinds == ("bank",)


def test_the_written_scenario_holds_the_rules_it_was_judged_by(demo, tmp_path):
    path, copy = tmp_path / "s.toml", tmp_path / "copy.toml"
    path.write_text(demo + OWN, encoding="utf-8")
    scenario = Scenario.read(path)
    copy.write_text(scenario.to_toml(tmp_path), encoding="utf-8")
    assert Scenario.read(copy).need.rules == scenario.need.rules


def test_a_target_is_a_time_or_a_distance():
    assert RuleTarget(kinds=("clinic",), within_km=0.75).within_min is None
    with pytest.raises(ValueError, match="give either within_min or within_km"):
        RuleTarget(kinds=("clinic",))
