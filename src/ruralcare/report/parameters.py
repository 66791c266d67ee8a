"""The parameters of a scenario as the report prints them."""

from __future__ import annotations

from typing import Any

from ruralcare.language import Bilingual, Language, Message, Verbatim
from ruralcare.need.rates import amount_by_grade, grade_array, use_array, use_share
from ruralcare.report.sentences import money, number, percent
from ruralcare.scenario import Scenario, Service
from ruralcare.types import AGE_GROUPS, GRADES

__all__ = ["parameters"]

_DIRECTIONS = {
    "to_demand": Message("carer to the home"),
    "to_place": Message("home to the place"),
}
_AMOUNTS = {
    "visit_hours_per_month": Message("hours of visits a month for each user"),
    "seats": Message("seats for each user"),
    "beds": Message("beds for each user"),
}


def parameters(scenario: Scenario, language: Language) -> dict[str, Any]:
    """Return services, stages, thresholds and rates, rendered."""

    def shown(template: str, **values: object) -> str:
        return Message(template, **values).render(language)

    plan, need, travel = scenario.plan, scenario.need, scenario.travel
    rules = [
        (shown("Longest time measured"), shown("{count} min", count=travel.cutoff_min)),
        (
            shown("Walking speed to the road"),
            shown("{speed} km/h", speed=travel.walking_kmh),
        ),
        (
            shown("Underserved: share of people beyond the standard, at least"),
            percent(need.own.share, language, 0) + " %",
        ),
        (
            shown("Underserved: share of need without room, at least"),
            percent(need.own.unmet_share or 0.0, language, 0) + " %",
        ),
        (
            shown("Depopulating: extinction index below"),
            number(need.depopulating_index, language, 2),
        ),
        (
            shown("Depopulating: change over ten years, at most"),
            percent(need.depopulating_change, language, 0) + " %",
        ),
        *_rooms(scenario, language),
        (
            shown("Willingness of a co-operative to take part, where no list says"),
            percent(scenario.cooperatives.willing, language, 0) + " %",
        ),
        (
            shown("Co-operatives less willing than this take no part"),
            percent(plan.least_willing, language, 0) + " %",
        ),
        (
            shown("Money not spent"),
            shown("can be spent later") if plan.carry_over else shown("is lost"),
        ),
        (shown("Worth of a later stage, each"), percent(plan.discount, language, 0) + " %"),
        (
            shown("Weight of underserved, depopulating townships"),
            number(plan.priority_underserved, language, 1),
        ),
        (
            shown("The search may stop at a gap of"),
            percent(plan.relative_gap, language, 2) + " %",
        ),
        (shown("Time limit of the search"), shown("{count} s", count=plan.time_limit_s)),
        (shown("Seed"), str(scenario.seed)),
        (shown("Scenario"), f"{scenario.name} ({scenario.hash})"),
    ]
    if plan.equity_floor is not None:
        rules.insert(
            6,
            (
                shown("Least share served in each county"),
                percent(plan.equity_floor, language, 0) + " %",
            ),
        )
    periods = [
        {
            "label": f"{shown('Stage {stage}', stage=number_)} ({period.year})",
            "budget": money(period.budget_mkrw, language).render(language),
            "workers": _limit(period.care_workers, language),
            "operators": _limit(period.max_operators, language),
        }
        for number_, period in enumerate(plan.periods, start=1)
    ]
    rates = need.recognition_rates
    return {
        "services": [_service(service, scenario, language) for service in scenario.services],
        "periods": periods,
        "rules": rules,
        "rates": [
            (
                age,
                *(
                    percent(rates[sex][age], language, 2) if age in rates.get(sex, {}) else "–"
                    for sex in ("female", "male")
                ),
            )
            for age in AGE_GROUPS
            if any(age in rates.get(sex, {}) for sex in ("female", "male"))
        ],
        "rates_source": Verbatim(need.recognition_source).render(language),
        "grades": _grades(scenario, language),
        "grades_source": Verbatim(need.grade_source).render(language),
    }


def _grades(scenario: Scenario, language: Language) -> dict[str, Any]:
    """Return the shares of the grades, and use and amounts by grade: names, then rows of values."""
    shares = grade_array(scenario.need)
    names = [
        Message("Cognitive support")
        if grade == "cognitive"
        else Message("Grade {grade}", grade=grade)
        for grade in GRADES
    ]
    rows: list[tuple[str, list[str]]] = [
        (
            Message("Share of the people recognised (%)").render(language),
            [percent(share, language) for share in (*shares, shares.sum())],
        )
    ]
    for service in scenario.services:
        name = Bilingual(service.name_ko, service.name_en)
        use, each = use_array(service), amount_by_grade(service)
        rows.append(
            (
                Message("{service}: users (%)", service=name).render(language),
                [percent(one, language) for one in (*use, shares @ use)],
            )
        )
        if service.amount is None or each is None:
            continue
        users = shares * use
        mean = float(users @ each / users.sum()) if users.any() else float("nan")
        # Where nobody uses the service, what a user would take up says nothing.
        known = [float(one) if use[at] > 0 else float("nan") for at, one in enumerate(each)]
        decimals = 0 if service.amount.unit == "visit_hours_per_month" else 2
        rows.append(
            (
                Message(
                    "{service}: {amount}", service=name, amount=_AMOUNTS[service.amount.unit]
                ).render(language),
                [number(one, language, decimals) for one in (*known, mean)],
            )
        )
    return {
        "names": [*(name.render(language) for name in names), Message("All").render(language)],
        "rows": rows,
    }


def _rooms(scenario: Scenario, language: Language) -> list[tuple[str, str]]:
    """Return how many people an institution serves where its list does not say."""
    rows = []
    for service in scenario.services:
        rule = scenario.facilities.capacity.get(service.id)
        if rule is None:
            continue
        name = Bilingual(service.name_ko, service.name_en)
        head = Message("Room of an institution whose list gives none: {service}", service=name)
        each = rule.persons_per_care_worker
        default = Message(
            "{count} people where no care worker is listed", count=rule.default_persons
        )
        text = default.render(language)
        if each is not None:
            workers = Message("{count} people per care worker", count=each).render(language)
            text = f"{workers}, {text}"
        if rule.most_persons is not None:
            most = Message("{count} people at most", count=rule.most_persons).render(language)
            text = f"{text}, {most}"
        rows.append((head.render(language), text))
    return rows


def _limit(value: float | None, language: Language) -> str:
    return "–" if value is None else number(float(value), language)


def _service(service: Service, scenario: Scenario, language: Language) -> dict[str, Any]:
    return {
        "name": service.name_ko if language == "ko" else service.name_en,
        "standard": Message("{count} min", count=service.standard_min).render(language),
        "direction": _DIRECTIONS[service.direction].render(language),
        "use": percent(use_share(service, scenario.need), language, 0) + " %",
        "weight": number(service.weight, language, 1),
        "least": percent(service.min_use, language, 0) + " %",
        "lag": number(service.lag_periods, language),
        "modules": [
            {
                "room": number(module.capacity_persons, language),
                "capital": money(module.capital_mkrw, language).render(language),
                "running": money(module.running_mkrw, language).render(language),
                "workers": number(module.care_workers, language),
            }
            for module in service.modules
        ],
        "source": Verbatim(service.source).render(language),
    }
