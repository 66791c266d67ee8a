"""What the schema found wrong, told to people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from ruralcare.errors import Fault
from ruralcare.language import Message
from ruralcare.scenario.schema import ScenarioFile

__all__ = ["schema_fault"]


def _key(location: Iterable[int | str]) -> str:
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif not part.startswith("["):  # the key itself, or one of two forms of a value
            key += f".{part}" if key else part
    return key


def _allowed_keys(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys the schema knows beside an unknown one."""
    schema = ScenarioFile.model_json_schema()

    def plain(node: dict[str, Any]) -> dict[str, Any]:
        """Follow references, and pass over the "or nothing" of optional sections."""
        while "$ref" in node or "anyOf" in node:
            if "$ref" in node:
                node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
            else:
                options = [one for one in node["anyOf"] if one.get("type") != "null"]
                node = options[0] if options else {}
        return node

    node: dict[str, Any] = schema
    for part in location[:-1]:
        node = plain(node)
        if isinstance(part, int):
            node = node.get("items", {})
            continue
        # Sections that a user names himself are patterns or further properties of the schema.
        own = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
        found: Any = node.get("properties", {}).get(part) or next(filter(None, own), {})
        if not isinstance(found, dict):
            return []
        node = found
    return list(plain(node).get("properties", {}))


def schema_fault(detail: ErrorDetails, file: str) -> Fault:
    """Return one error of pydantic as a fault: its key, its value and what to do."""
    kind, context = detail["type"], detail.get("ctx", {})
    location = tuple(detail["loc"])
    value = detail.get("input")
    shown = None if isinstance(value, dict | list) or value is None else str(value)
    if isinstance(value, bool):
        shown = str(value).lower()
    problem = Message("The value is not allowed: {detail}.", detail=detail["msg"])
    remedy = Message("See `ruralcare schema` for what this key takes.")
    if kind == "missing":
        problem = Message("This key is missing.")
        remedy = Message("Add it; `ruralcare schema` explains it.")
        shown = None
    elif kind == "extra_forbidden":
        allowed = _allowed_keys(location)
        near = difflib.get_close_matches(str(location[-1]), allowed, n=1, cutoff=0.5)
        problem = Message("There is no such key.")
        remedy = (
            Message("Did you mean “{key}”? Otherwise remove it.", key=near[0])
            if near
            else Message("Remove it, or use one of: {keys}.", keys=", ".join(allowed[:20]))
        )
    elif kind == "string_type":
        problem = Message("This must be text in quotes.")
        remedy = Message('Write it in quotes: "{value}".', value=str(value))
    elif kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bound = next(iter(context.values()))
        texts = {
            "greater_than": Message("The value must be above {bound}.", bound=bound),
            "greater_than_equal": Message("The value must be at least {bound}.", bound=bound),
            "less_than": Message("The value must be below {bound}.", bound=bound),
            "less_than_equal": Message("The value must be at most {bound}.", bound=bound),
        }
        problem, remedy = texts[kind], Message("Correct the number.")
    elif kind in ("float_type", "float_parsing", "int_type", "int_parsing", "finite_number"):
        problem = Message("This must be a number.")
        remedy = Message("Write a plain number without quotes, unit or thousands separator.")
    elif kind == "int_from_float":
        problem, remedy = Message("This must be a whole number."), Message("Correct the number.")
    elif kind in ("bool_type", "bool_parsing"):
        problem, remedy = Message("This must be true or false."), Message("Write true or false.")
    elif kind == "literal_error":
        problem = Message("The value is not one of those allowed.")
        remedy = Message(
            "Choose one of: {known}.",
            known=", ".join(re.findall(r"'([^']*)'", str(context.get("expected", "")))),
        )
    elif kind in ("tuple_type", "list_type"):
        problem = Message("This must be a list.")
        remedy = Message("Put the values in brackets: [ … ].")
    elif kind in ("dict_type", "model_type", "model_attributes_type"):
        problem = Message("This must be a table of keys.")
        remedy = Message("Write it as [{key}] with its keys below.", key=_key(location))
    elif kind == "too_short":
        problem = Message("The list is empty.")
        remedy = Message("Give at least one value.")
    elif kind in ("string_too_short", "string_pattern_mismatch"):
        problem = Message("The text is empty or holds characters that are not allowed.")
        remedy = Message("Use letters, digits, “_”, “-”, “.” or “:”.")
    elif kind == "path_type":
        problem = Message("This must be a path in quotes.")
        remedy = Message('Write it in quotes: "{value}".', value=str(value))
    elif kind == "value_error" and not isinstance(detail.get("input"), dict):
        problem = Message(
            "The value is not allowed: {detail}.", detail=Message(str(context["error"]))
        )
        remedy = Message("See `ruralcare schema` for what this key takes.")
    elif kind == "value_error":
        problem = Message(
            "The table contradicts itself: {detail}.", detail=Message(str(context["error"]))
        )
        remedy = Message("Correct the keys of this table.")
    return Fault(problem, remedy, file=file, column=_key(location) or None, value=shown)
