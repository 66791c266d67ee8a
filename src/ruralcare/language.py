"""Texts for people: templates in English, rendered in Korean or English.

Every text a user sees is a :class:`Message`: an English template, which doubles as the
catalogue key, and its values. Nothing is translated before it is shown, so the same error or
reason can be printed in either language. The Korean catalogue is ``locale/ko.po``, read with
Babel; English needs none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Literal

from babel.messages.pofile import read_po
from babel.numbers import format_decimal

__all__ = [
    "LANGUAGES",
    "Bilingual",
    "Language",
    "Message",
    "Verbatim",
    "catalogue",
    "format_number",
    "harmless",
    "josa",
    "translate",
]

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")

_SPACES = re.compile(r"[\t\n\r\x0b\x0c\u2028\u2029]")
_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# "이/가" and its kin depend on whether the word before them ends in a consonant.
_JOSA = re.compile(r"(.)?\{?(\(이\)가|\(은\)는|\(을\)를|\(과\)와|\(으\)로)\}?")
_JOSA_FORMS = {
    "(이)가": ("이", "가"),
    "(은)는": ("은", "는"),
    "(을)를": ("을", "를"),
    "(과)와": ("과", "와"),
    "(으)로": ("으로", "로"),
}
_DIGIT_FINALS = {"0": 21, "1": 8, "3": 16, "6": 1, "7": 8, "8": 8}


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return the catalogue of one language: English template to translation.

    Parameters
    ----------
    language : {"ko", "en"}
        English is the language of the templates and has an empty catalogue.
    """
    if language == "en":
        return {}
    with resources.files("ruralcare").joinpath(f"locale/{language}.po").open("rb") as stream:
        entries = read_po(stream, locale=language)
    return {
        str(entry.id): str(entry.string)
        for entry in entries
        if entry.id and entry.string and not entry.fuzzy
    }


def translate(template: str, language: Language) -> str:
    """Return the template in another language; an unknown template stays English."""
    return catalogue(language).get(template, template)


def format_number(value: float, language: Language, decimals: int | None = None) -> str:
    """Write a number by the custom of the language, with separators for thousands.

    Parameters
    ----------
    value : float
        Finite number.
    decimals : int, optional
        Digits after the point; without it, whole numbers have none and others up to three.
    """
    if decimals is None:
        pattern = "#,##0" if float(value).is_integer() else "#,##0.###"
    else:
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=language)


def _final_consonant(character: str) -> int:
    if "가" <= character <= "힣":
        return (ord(character) - ord("가")) % 28
    return _DIGIT_FINALS.get(character, 0)


def josa(text: str) -> str:
    """Choose the Korean particle that fits the word before it: ``마을(이)가`` → ``마을이``."""

    def choose(match: re.Match[str]) -> str:
        before, particle = match.group(1) or "", match.group(2)
        with_final, without = _JOSA_FORMS[particle]
        final = _final_consonant(before) if before else 0
        # 으로 becomes 로 after ㄹ as well.
        takes_final = final != 0 and not (particle == "(으)로" and final == 8)
        return before + (with_final if takes_final else without)

    return _JOSA.sub(choose, text)


@dataclass(frozen=True)
class Message:
    """A text for people: an English template and its values.

    Parameters
    ----------
    template : str
        English text with ``{name}`` places; also the key of the catalogue.
    **values : str, int, float or Message
        Numbers are written by the custom of the language. A nested message is rendered in the
        same language.

    Examples
    --------
    >>> print(Message("{name} has no people", name="해남읍"))
    해남읍 has no people
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __init__(self, template: str, /, **values: object) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", dict(values))

    def __hash__(self) -> int:
        return hash((self.template, tuple(sorted((k, str(v)) for k, v in self.values.items()))))

    def render(self, language: Language = "en") -> str:
        """Return the text in one language."""
        shown = {key: _show(value, language) for key, value in self.values.items()}
        text = translate(self.template, language).format_map(shown)
        return josa(text) if language == "ko" else text

    def __str__(self) -> str:
        return self.render("en")


class Verbatim(Message):
    """A text from outside that is shown as it is, unless the catalogue happens to know it.

    The program's own figures come with their sources in English, which the catalogue translates;
    a user's sources are in the user's words.

    Parameters
    ----------
    text : str
        The text; braces are taken as they are.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)

    def render(self, language: Language = "en") -> str:
        """Return the text in one language."""
        return translate(self.template, language)


class Bilingual(Message):
    """A text that comes in both languages, such as the name of a service in a scenario.

    Parameters
    ----------
    ko, en : str
        The text; braces are taken as they are.
    """

    def __init__(self, ko: str, en: str) -> None:
        super().__init__(en, ko=ko)

    def render(self, language: Language = "en") -> str:
        """Return the text in one language."""
        return str(self.values["ko"]) if language == "ko" else self.template


def harmless(text: str) -> str:
    r"""Return a text from outside without the characters that command a terminal or turn a line.

    Control characters (an escape sequence can clear the screen, or hide what it says) and those
    that change the direction of writing become ``�``; line ends and tabs become spaces.

    Examples
    --------
    >>> harmless("요양원\x1b[2J\t끝")
    '요양원�[2J 끝'
    """
    return _COMMANDS.sub("\ufffd", _SPACES.sub(" ", text))


def _show(value: object, language: Language) -> str:
    if isinstance(value, Message):
        return value.render(language)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return harmless(str(value))
    return format_number(value, language)
