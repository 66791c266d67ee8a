"""Settings and services for tests of need, built from the defaults of the program."""

from __future__ import annotations

from typing import Any

from ruralcare.scenario import NeedSettings, Service
from ruralcare.scenario.figures import default_figures

RATES = {"female": {"80-84": 0.2}, "male": {"65-69": 0.1}}
"""Rates that can be used in the head."""


def settings(**changes: Any) -> NeedSettings:
    """Return the settings of need: the defaults, with rates for the head and ``changes``."""
    given = {"recognition_rates": RATES, "recognition_source": "by hand"} | changes
    return NeedSettings.model_validate(default_figures()["need"] | given)


def default_settings() -> NeedSettings:
    """Return the settings of need as the program ships them."""
    return NeedSettings.model_validate(default_figures()["need"])


def default_services() -> tuple[Service, ...]:
    """Return the services as the program ships them."""
    return tuple(Service.model_validate(one) for one in default_figures()["services"])


def service(name: str = "day_care", **changes: Any) -> Service:
    """Return a service of the defaults with ``changes``; the use is half of the recognised."""
    raw = next(one for one in default_figures()["services"] if one["id"] == name)
    return Service.model_validate(raw | {"use_rate": 0.5} | changes)
