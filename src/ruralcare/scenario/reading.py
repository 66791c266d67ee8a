"""From a scenario file to a checked :class:`Scenario`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, PrivateAttr, ValidationError

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message
from ruralcare.scenario.consistency import contradictions
from ruralcare.scenario.faults import schema_fault
from ruralcare.scenario.figures import default_figures
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
        raw = _merged(default_figures(), _parsed(path))
        variants = _variants(raw.pop("variants", {}), variant, path.name)
        scenario, faults = cls._validated(
            raw if variant is None else _merged(raw, variants[variant]), path.name
        )
        if scenario is None or faults:
            raise InputError(faults)
        # A fault in a variant is told now, not on the day somebody chooses it.
        for name, table in variants.items():
            _, found = cls._validated(_merged(raw, table), path.name)
            faults += [replace(one, column=f"variants.{name}.{one.column}") for one in found]
        if faults:
            raise InputError(faults)
        scenario._path = path
        scenario._variant = variant
        return scenario

    @classmethod
    def _validated(cls, raw: dict[str, Any], file: str) -> tuple[Scenario | None, list[Fault]]:
        try:
            scenario = cls.model_validate(raw)
        except ValidationError as error:
            return None, [schema_fault(one, file) for one in error.errors(include_url=False)]
        return scenario, list(contradictions(scenario, file))

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

    def label(self, file: Path) -> str:
        """Return the name by which a file is told: as the scenario has it, where two are alike."""
        alike = sum(one.name == file.name for one in self.files)
        return file.name if alike < 2 else file.as_posix()

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
    schema["required"] = [key for key in schema["required"] if key not in default_figures()]
    need = schema["$defs"]["NeedSettings"]
    need["required"] = [
        key for key in need.get("required", []) if key not in default_figures()["need"]
    ]
    schema["properties"]["variants"] = {
        "type": "object",
        "description": "Named groups of overrides, chosen with --variant.",
        "additionalProperties": {"type": "object"},
    }
    return schema


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
        # The parser speaks English only; its place in the text speaks for itself.
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        fault = Fault(
            Message("The line is not valid TOML."),
            Message("Correct the line; texts and codes stand in quotes, lists in brackets."),
            file=path.name,
            row=line,
            value=(text.splitlines() or [""])[min(line, len(text.splitlines())) - 1].strip(),
        )
        raise InputError([fault]) from None


def _variants(found: object, chosen: str | None, file: str) -> dict[str, dict[str, Any]]:
    """Return the groups of overrides; raise if they are no tables or the chosen one is missing."""

    def fail(problem: Message, remedy: Message, column: str, value: str | None) -> InputError:
        return InputError([Fault(problem, remedy, file=file, column=column, value=value)])

    tables: dict[str, Any] = found if isinstance(found, dict) else {"": found}
    for name, table in tables.items():
        if not isinstance(table, dict):
            key = f"variants.{name}".rstrip(".")
            raise fail(
                Message("This must be a table of keys."),
                Message("Write it as [{key}] with its keys below.", key=key),
                key,
                None,
            )
    if chosen is not None and chosen not in tables:
        known = ", ".join(tables)
        raise fail(
            Message("The scenario has no variant of this name."),
            Message("Choose one of: {known}.", known=known)
            if known
            else Message("It has no variants at all; leave out --variant."),
            "variants",
            chosen,
        )
    return tables


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the keys of ``over``; tables are merged, lists replaced."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = (
            _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged
