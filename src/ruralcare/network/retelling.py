"""Messages and readings as text, so that a stored network tells what the first reading told."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from ruralcare.errors import Fault
from ruralcare.language import Bilingual, Message, Verbatim
from ruralcare.types import Reading

__all__ = ["retell", "tell"]

_RECORDS = {"Fault": Fault, "Reading": Reading}


def tell(told: tuple[Any, ...]) -> str:
    """Return messages, faults and readings as JSON."""
    return json.dumps(_plain(told), ensure_ascii=False)


def retell(text: str) -> tuple[Any, ...]:
    """Return what :func:`tell` wrote."""
    return tuple(_made(json.loads(text)))


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Message):
        content = {key: _plain(one) for key, one in value.values.items()}
        return {"": type(value).__name__, "template": value.template, "values": content}
    if is_dataclass(value):
        content = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {"": type(value).__name__} | content
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    # Numbers of numpy are no numbers to JSON.
    return value.item() if hasattr(value, "item") else value


def _made(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return tuple(_made(one) for one in value)
    if not isinstance(value, dict):
        return value
    kind = value[""]
    if kind in _RECORDS:
        return _RECORDS[kind](**{key: _made(one) for key, one in value.items() if key})
    values = {key: _made(one) for key, one in value["values"].items()}
    if kind == "Verbatim":
        return Verbatim(value["template"])
    if kind == "Bilingual":
        return Bilingual(values["ko"], value["template"])
    return Message(value["template"], **values)
