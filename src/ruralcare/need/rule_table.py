"""The status of townships and counties under rules in official use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.scenario import Rule
from ruralcare.types.checks import check_frame

__all__ = ["RULE_REASONS", "RULE_STATUSES", "RuleStatus", "RuleTable"]

RuleStatus = Literal["served", "underserved", "unknown"]
RULE_STATUSES: Final[tuple[RuleStatus, ...]] = ("served", "underserved", "unknown")
"""``unknown``: what would decide is not in the data."""
RULE_REASONS: Final = ("too_far", "unreachable", "unsnapped", "no_data", "no_people")
"""Why: a way longer than the rule allows, no way, too far from any road; no institution of the
kind in the data (which is not to say that there is none), nobody lives there."""

_JUDGED: Final = {
    "rule": "text",
    "beyond_share": "number?",
    "unknown_share": "number?",
    "threshold_share": "number",
    "status": "text",
    "reasons": "text",
    "failing": "text",
    "missing": "text",
}
_TARGET: Final = {
    "rule": "text",
    "target": "number",
    "kinds": "text",
    "mode": "text",
    "within_min": "number",
    "within_km": "number?",
    "beyond_share": "number?",
    "unknown_share": "number?",
    "nearest_min": "number?",
    "nearest_km": "number?",
    "proxy_share": "number?",
}


@dataclass(frozen=True, eq=False)
class RuleTable:
    """Which townships and counties are underserved under rules in official use.

    Parameters
    ----------
    frame : DataFrame
        A row for each rule and township: ``rule``, ``township_id``, ``beyond_share`` (share of the
        people who fail the rule, as far as the data tell; ``NA`` if they tell it of nobody),
        ``unknown_share`` (share of the people of whom they do not tell), ``threshold_share`` (with
        its tolerance), ``status`` (one of :data:`RULE_STATUSES`), ``reasons`` (codes of
        :data:`RULE_REASONS` joined by ``;``, empty if served), ``failing`` (numbers of the targets
        at fault, joined by ``;``) and ``missing`` (numbers of the targets that are not known of
        everybody).
    targets : DataFrame
        A row for each rule, township and target: ``rule``, ``township_id``, ``target`` (from 1, in
        the order of the rule), ``kinds`` (joined by ``;``), ``mode``, ``within_min``,
        ``within_km`` (``NA`` where the rule is in minutes), ``beyond_share``, ``unknown_share``,
        ``nearest_min`` (half of the people are no farther from the nearest institution of the data;
        ``NA`` if half of them have no way), ``nearest_km`` (where the rule is in kilometres),
        ``nearest_id`` (nearest of most people; ``NA`` if nobody has a way) and ``proxy_share``
        (share of the people's minutes to the nearest that is on links that stand in for missing
        roads).
    counties : DataFrame
        As ``frame``, with ``sigungu_id``, ``sigungu_name``, ``persons`` and
        ``underserved_townships`` (how many) instead of ``township_id``. This is the level at which
        the authors of the rules apply them.
    county_targets : DataFrame
        As ``targets``, with ``sigungu_id``.
    rules : mapping of str to Rule
        The rules, in the order in which they were asked for.
    notes : tuple of Message
        What a reader must know.
    """

    frame: pd.DataFrame
    targets: pd.DataFrame
    counties: pd.DataFrame
    county_targets: pd.DataFrame
    rules: Mapping[str, Rule]
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        for name, judged, targets, area in (
            ("RuleTable", self.frame, self.targets, "township_id"),
            ("RuleTable.counties", self.counties, self.county_targets, "sigungu_id"),
        ):
            columns = {**_JUDGED, area: "text"}
            check_frame(name, judged, columns, unique=["rule", area])
            columns = {**_TARGET, area: "text"}
            check_frame(f"{name} (targets)", targets, columns, unique=["rule", area, "target"])
            _check_words(name, judged)
            for frame in (judged, targets):
                for column in ("beyond_share", "unknown_share"):
                    if not frame[column].dropna().between(0, 1).all():
                        raise TableError(f"{name}: shares must lie between 0 and 1")
            strange = (set(judged["rule"]) | set(targets["rule"])) - set(self.rules)
            if strange:
                raise TableError(f"{name}: unknown rules {sorted(strange)}")
            count = {rule: len(one.targets) for rule, one in self.rules.items()}
            if len(targets) != sum(count[rule] for rule in judged["rule"]):
                raise TableError(f"{name}: each target of a rule needs a row in every area")


def _check_words(name: str, judged: pd.DataFrame) -> None:
    """Raise a TableError where status and reasons do not belong together."""
    if not set(judged["status"]) <= set(RULE_STATUSES):
        raise TableError(f"{name}: unknown status")
    codes = {code for text in judged["reasons"] for code in text.split(";") if code}
    if not codes <= set(RULE_REASONS):
        raise TableError(f"{name}: unknown reasons {sorted(codes - set(RULE_REASONS))}")
    if ((judged["status"] == "served") != (judged["reasons"] == "")).any():
        raise TableError(f"{name}: every status but served has a reason, and served has none")
