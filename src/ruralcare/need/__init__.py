"""Need: people in need, depopulation, underserved townships and the reasons."""

from ruralcare.need.actors import actors
from ruralcare.need.assess import assess, assess_stage
from ruralcare.need.composite import (
    COMPOSITE_INDICATORS,
    composite,
    composite_note,
    composite_scores,
    composite_sensitivity,
)
from ruralcare.need.demand import need_by_grade, need_by_service, recognised
from ruralcare.need.depopulation import (
    county_indicators,
    extinction_class,
    extinction_index,
    indicators,
)
from ruralcare.need.designated import designated, designated_areas, designation_note
from ruralcare.need.forecast import Forecast, forecast
from ruralcare.need.judging import Reached, assess_rule
from ruralcare.need.kinds import KINDS, LISTED_TOGETHER, kind_name, kind_names
from ruralcare.need.models import candidates, check_models
from ruralcare.need.outlook import outlook
from ruralcare.need.response import CELLS, typology
from ruralcare.need.rule_table import RULE_REASONS, RULE_STATUSES, RuleTable
from ruralcare.need.rules import limit_min, measure_rules
from ruralcare.need.similar import similar, similar_cooperatives, similarity_columns
from ruralcare.need.sureness import Sureness, sureness
from ruralcare.need.table import (
    CONNECTIONS,
    EVIDENCE,
    EXTINCTION_CLASSES,
    REASONS,
    RESPONSES,
    STATUSES,
    WITHIN_REACH,
    NeedTable,
)

__all__ = [
    "CELLS",
    "COMPOSITE_INDICATORS",
    "CONNECTIONS",
    "EVIDENCE",
    "EXTINCTION_CLASSES",
    "KINDS",
    "LISTED_TOGETHER",
    "REASONS",
    "RESPONSES",
    "RULE_REASONS",
    "RULE_STATUSES",
    "STATUSES",
    "WITHIN_REACH",
    "Forecast",
    "NeedTable",
    "Reached",
    "RuleTable",
    "Sureness",
    "actors",
    "assess",
    "assess_rule",
    "assess_stage",
    "candidates",
    "check_models",
    "composite",
    "composite_note",
    "composite_scores",
    "composite_sensitivity",
    "county_indicators",
    "designated",
    "designated_areas",
    "designation_note",
    "extinction_class",
    "extinction_index",
    "forecast",
    "indicators",
    "kind_name",
    "kind_names",
    "limit_min",
    "measure_rules",
    "need_by_grade",
    "need_by_service",
    "outlook",
    "recognised",
    "similar",
    "similar_cooperatives",
    "similarity_columns",
    "sureness",
    "typology",
]
