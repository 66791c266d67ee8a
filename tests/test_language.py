"""Texts: numbers, particles, and a complete Korean catalogue."""

import ast
import re
import string
from pathlib import Path

import pytest

from ruralcare.language import Bilingual, Message, Verbatim, catalogue, format_number, josa


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def literal_messages(folder: Path) -> dict[str, str]:
    """Return every literal first argument of Message(...) in the source, with its place."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"Message", "_"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                found[node.args[0].value] = f"{path.name}:{node.lineno}"
    return found


def test_every_message_has_a_korean_text_with_the_same_places(root):
    korean = catalogue("ko")
    messages = literal_messages(root / "src" / "ruralcare")
    assert len(messages) > 100
    missing = {text: place for text, place in messages.items() if text not in korean}
    assert not missing
    for template, text in korean.items():
        assert placeholders(template) == placeholders(text), template
        words = re.sub(r"\{\w+\}", "", text)
        assert re.search("[가-힣]", words) or not re.search("[A-Za-z]{4,}", words), template


def test_english_needs_no_catalogue():
    assert Message("{count} people", count=1234).render("en") == "1,234 people"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("해남읍(이)가", "해남읍이"),
        ("계곡리(은)는", "계곡리는"),
        ("서울(으)로", "서울로"),
        ("해남(으)로", "해남으로"),
        ("3(을)를", "3을"),
        ("2(과)와", "2와"),
        ("(이)가", "가"),
    ],
)
def test_particles_follow_the_sound_before_them(text, expected):
    assert josa(text) == expected


def test_numbers_have_separators_and_no_needless_decimals():
    assert format_number(1234567, "ko") == "1,234,567"
    assert format_number(12.5, "en") == "12.5"
    assert format_number(12.0, "en", 1) == "12.0"


def test_values_are_not_templates():
    assert Message("{name} is here", name="{oops}").render("ko").startswith("{oops}")


def test_a_bilingual_text_needs_no_catalogue_and_nests():
    name = Bilingual("방문{요양}", "Home {visit}")
    assert name.render("ko") == "방문{요양}"
    assert Message("{count} of {name}", count=2, name=name).render("en") == "2 of Home {visit}"


def test_the_sources_of_the_default_figures_are_told_in_korean(root):
    import tomllib

    room = root / "src/ruralcare/scenario"
    figures = tomllib.loads((room / "defaults.toml").read_text("utf-8"))
    rules = tomllib.loads((room / "rules.toml").read_text("utf-8"))["need"]["rules"]
    need = figures["need"]
    texts = [need["recognition_source"], need["grade_source"]]
    texts += [
        spread["source"] for spread in need["uncertainty"].values() if isinstance(spread, dict)
    ]
    texts += [service["source"] for service in figures["services"]]
    texts += [rule["source"] for rule in rules.values()]
    for text in texts:
        assert re.search("[가-힣]", Verbatim(text).render("ko")), text
        assert Verbatim(text).render("en") == text


def test_a_text_of_the_user_is_shown_as_it_is():
    assert Verbatim("{50 %} 우리 자료").render("ko") == "{50 %} 우리 자료"
