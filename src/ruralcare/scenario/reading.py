"""From a scenario file to a checked :class:`Scenario`."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails
from pyproj import CRS
from pyproj.exceptions import CRSError

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message
from ruralcare.scenario.schema import ScenarioFile, Service

__all__ = ["Scenario", "json_schema"]


class Scenario(ScenarioFile):
    """A scenario that has been read and checked; see :meth:`read`.

    Attributes
    ----------
    path : Path
        The file it was read from. Paths inside it count from there.
    variant : str or None
        Name of the group of overrides that was applied.
    """

    _path: Path = PrivateAttr(default=Path("scenario.toml"))
    _variant: str | None = PrivateAttr(default=None)

    @classmethod
    def read(cls, path: str | Path, *, variant: str | None = None) -> Scenario:
        """Read a scenario file.

        Parameters
        ----------
        path : str or Path
            TOML file.
        variant : str, optional
            Name of a table ``[variants.NAME]`` of the file, whose keys override the others:
            a what-if in three lines.

        Raises
        ------
        InputError
            The file is missing, is no TOML, or breaks the schema; every fault is listed with
            its key, its value and what to do.
        """
        path = Path(path)
        raw = _merged(_default_figures(), _variant(_parsed(path), variant, path.name))
        try:
            scenario = cls.model_validate(raw)
        except ValidationError as error:
            raise InputError(
                _fault(detail, path.name, raw) for detail in error.errors(include_url=False)
            ) from None
        scenario._path = path
        scenario._variant = variant
        faults = [*_consistency(scenario, path.name)]
        if faults:
            raise InputError(faults)
        return scenario

    @property
    def path(self) -> Path:
        """The file this scenario was read from."""
        return self._path

    @property
    def variant(self) -> str | None:
        """The group of overrides that was applied."""
        return self._variant

    def resolve(self, path: Path) -> Path:
        """Return a path of the scenario as seen from the working directory."""
        return path if path.is_absolute() else self._path.parent / path

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that the scenario names, as it names it, in its order."""
        found: dict[Path, None] = {}

        def walk(value: object) -> None:
            if isinstance(value, Path):
                found.setdefault(value)
            elif isinstance(value, BaseModel):
                for name in type(value).model_fields:
                    walk(getattr(value, name))
            elif isinstance(value, Mapping):
                for item in value.values():
                    walk(item)
            elif isinstance(value, tuple):
                for item in value:
                    walk(item)

        walk(self)
        return tuple(found)

    def service(self, service_id: str) -> Service:
        """Return the service of this id."""
        return next(service for service in self.services if service.id == service_id)

    def title(self, language: str | None = None) -> str:
        """Return the title in one language, by default the scenario's own."""
        return self.title_ko if (language or self.language) == "ko" else self.title_en

    @property
    def hash(self) -> str:
        """Hash of everything the scenario says (not of the files it names)."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_toml(self, directory: Path) -> str:
        """Return the scenario as TOML that can be run again from another directory.

        Defaults and the variant are written out; paths are made relative to ``directory``.
        """

        def rebase(value: Any, original: Any) -> Any:  # noqa: ANN401 - any TOML value
            if isinstance(original, Path):
                return Path(os.path.relpath(self.resolve(original), directory)).as_posix()
            if isinstance(original, BaseModel):
                original = {name: getattr(original, name) for name in type(original).model_fields}
            if isinstance(original, Mapping):
                return {
                    key: rebase(value[key], item)
                    for key, item in original.items()
                    if item is not None
                }
            if isinstance(original, tuple):
                return [rebase(one, item) for one, item in zip(value, original, strict=True)]
            return value

        return tomli_w.dumps(rebase(self.model_dump(mode="json"), self), multiline_strings=True)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors.

    Keys with a default figure (services, need, speeds) are optional in a file.
    """
    schema = ScenarioFile.model_json_schema()
    schema["title"] = "ruralcare scenario"
    schema["required"] = [key for key in schema["required"] if key not in _default_figures()]
    need = schema["$defs"]["NeedSettings"]
    need["required"] = [
        key for key in need.get("required", []) if key not in _default_figures()["need"]
    ]
    schema["properties"]["variants"] = {
        "type": "object",
        "description": "Named groups of overrides, chosen with --variant.",
        "additionalProperties": {"type": "object"},
    }
    return schema


def _default_figures() -> dict[str, Any]:
    text = resources.files("ruralcare.scenario").joinpath("defaults.toml").read_text("utf-8")
    return tomllib.loads(text)


def _parsed(path: Path) -> dict[str, Any]:
    def fail(problem: Message, remedy: Message) -> InputError:
        return InputError([Fault(problem, remedy, file=str(path))])

    if path.is_dir():
        raise fail(
            Message("This is a folder, not a scenario file."),
            Message("Name the .toml file inside it."),
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise fail(
            Message("There is no such file."),
            Message("Check the path; `ruralcare new` makes a scenario to start from."),
        ) from None
    except UnicodeDecodeError:
        raise fail(
            Message("The scenario is not written in UTF-8."),
            Message("Save it again with the encoding UTF-8."),
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise fail(
            Message("The file is not valid TOML: {detail}.", detail=str(error)),
            Message("Correct the line; texts and codes stand in quotes, lists in brackets."),
        ) from None


def _variant(raw: dict[str, Any], variant: str | None, file: str) -> dict[str, Any]:
    variants = raw.pop("variants", {})
    if variant is None:
        return raw
    if not isinstance(variants, dict) or variant not in variants:
        known = ", ".join(variants) if isinstance(variants, dict) and variants else "—"
        fault = Fault(
            Message("The scenario has no variant of this name."),
            Message("Choose one of: {known}.", known=known),
            file=file,
            column="variants",
            value=variant,
        )
        raise InputError([fault])
    if not isinstance(variants[variant], dict):
        fault = Fault(
            Message("This must be a table of keys."),
            Message("Write it as [{key}] with its keys below.", key=f"variants.{variant}"),
            file=file,
            column=f"variants.{variant}",
        )
        raise InputError([fault])
    return _merged(raw, variants[variant])


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the keys of ``over``; tables are merged, lists replaced."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = (
            _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged


def _key(location: Iterable[int | str]) -> str:
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif part != "[key]":
            key += f".{part}" if key else part
    return key


def _allowed_keys(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys the schema knows beside an unknown one."""
    schema = ScenarioFile.model_json_schema()
    node: dict[str, Any] = schema
    for part in location[:-1]:
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        options = [one for one in node.get("anyOf", []) if one.get("type") != "null"]
        node = options[0] if options else node
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties", {})
        if not isinstance(node, dict):
            return []
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return list(node.get("properties", {}))


def _fault(detail: ErrorDetails, file: str, raw: dict[str, Any]) -> Fault:
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
        remedy = Message("Choose one of: {known}.", known=str(context.get("expected", "")))
    elif kind in ("tuple_type", "list_type"):
        problem = Message("This must be a list.")
        remedy = Message("Put the values in brackets: [ … ].")
    elif kind in ("dict_type", "model_type", "model_attributes_type"):
        problem = Message("This must be a table of keys.")
        remedy = Message("Write it as [{key}] with its keys below.", key=_key(location))
    elif kind in ("string_too_short", "string_pattern_mismatch"):
        problem = Message("The text is empty or holds characters that are not allowed.")
        remedy = Message("Use letters, digits, “_”, “-”, “.” or “:”.")
    elif kind == "path_type":
        problem = Message("This must be a path in quotes.")
        remedy = Message('Write it in quotes: "{value}".', value=str(value))
    elif kind == "value_error":
        problem = Message(
            "The table contradicts itself: {detail}.", detail=Message(str(context["error"]))
        )
        remedy = Message("Correct the keys of this table.")
    return Fault(problem, remedy, file=file, column=_key(location) or None, value=shown)


def _order(scenario: Scenario, file: str) -> Iterable[Fault]:
    """Yield services that share an id, and periods out of order."""
    seen: dict[str, int] = {}
    for number, service in enumerate(scenario.services, start=1):
        if service.id in seen:
            yield Fault(
                Message("Service {number} has the same id.", number=seen[service.id]),
                Message("Give each service an id of its own."),
                file=file,
                column=f"services[{number}].id",
                value=service.id,
            )
        seen.setdefault(service.id, number)
    years = [period.year for period in scenario.plan.periods]
    for number, (before, year) in enumerate(pairwise(years), start=2):
        if year <= before:
            yield Fault(
                Message(
                    "The year must be after that of the period before, {year}.", year=str(before)
                ),
                Message("Put the periods in the order of their years."),
                file=file,
                column=f"plan.periods[{number}].year",
                value=str(year),
            )


def _known_crs(text: str) -> bool:
    try:
        CRS.from_user_input(text)
    except CRSError:
        return False
    return True


def _unknown_keys(scenario: Scenario, file: str) -> Iterable[Fault]:
    """Yield keys of free tables that nothing will ever look up."""
    figures = _default_figures()
    speeds = figures["roads"]["speeds_kmh"]
    offered = {kind for service in scenario.services for kind in service.offered_by}
    services = {service.id for service in scenario.services} | offered
    services |= set(figures["facilities"]["capacity"])
    for table, found, known in (
        ("roads.speeds_kmh", scenario.roads.speeds_kmh, set(speeds)),
        ("facilities.capacity", scenario.facilities.capacity, services),
    ):
        for key in found:
            near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.75)
            # A road class that is unlike all known ones may well exist in the data.
            if key in known or (table == "roads.speeds_kmh" and not near):
                continue
            yield Fault(
                Message("There is no such key."),
                Message("Did you mean “{key}”? Otherwise remove it.", key=near[0])
                if near
                else Message("Remove it, or use one of: {keys}.", keys=", ".join(sorted(known))),
                file=file,
                column=f"{table}.{key}",
            )


def _consistency(scenario: Scenario, file: str) -> Iterable[Fault]:
    """Yield what the schema cannot say: references between tables, and the CRS."""
    try:
        crs = CRS.from_user_input(scenario.crs)
        projected = crs.is_projected and crs.axis_info[0].unit_name == "metre"
    except CRSError:
        projected = False
    if not projected:
        yield Fault(
            Message("This is not a projected CRS in metres."),
            Message('Use "EPSG:5179" in Korea, or the UTM zone of the area, such as "EPSG:32632".'),
            file=file,
            column="crs",
            value=scenario.crs,
        )
    if scenario.townships.crs is not None and not _known_crs(scenario.townships.crs):
        yield Fault(
            Message("There is no CRS of this name."),
            Message('Write it as "EPSG:" and the number, such as "EPSG:5179".'),
            file=file,
            column="townships.crs",
            value=scenario.townships.crs,
        )
    for number, service in enumerate(scenario.services, start=1):
        if service.standard_min > scenario.travel.cutoff_min:
            yield Fault(
                Message("The standard lies beyond the longest travel time that is measured."),
                Message("Raise travel.cutoff_min above every standard."),
                file=file,
                column=f"services[{number}].standard_min",
                value=f"{service.standard_min:g}",
            )
    yield from _unknown_keys(scenario, file)
    yield from _order(scenario, file)
    services = {service.id for service in scenario.services}

    def unknown(key: str, value: str) -> Fault:
        return Fault(
            Message("No service of the scenario has this id."),
            Message("Choose one of: {known}.", known=", ".join(sorted(services))),
            file=file,
            column=key,
            value=value,
        )

    for number, period in enumerate(scenario.plan.periods, start=1):
        for rule in ("max_new", "min_new"):
            for service in getattr(period, rule):
                if service not in services:
                    yield unknown(f"plan.periods[{number}].{rule}", service)
    years = [period.year for period in scenario.plan.periods]
    for rule in ("forced", "forbidden"):
        for number, opening in enumerate(getattr(scenario.plan, rule), start=1):
            key = f"plan.{rule}[{number}]"
            if opening.service not in services:
                yield unknown(f"{key}.service", opening.service)
            if opening.year is not None and opening.year not in years:
                yield Fault(
                    Message("This year is not one of the periods."),
                    Message("Choose one of: {known}.", known=", ".join(map(str, years))),
                    file=file,
                    column=f"{key}.year",
                    value=str(opening.year),
                )
