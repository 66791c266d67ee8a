"""The fixed words of a map page, rendered in the language of the page."""

from __future__ import annotations

from typing import Any, Final

from ruralcare.language import Language, Message
from ruralcare.report.sentences import money_scale

__all__ = ["page_words"]

# ``{places}`` in these texts are filled by the page itself.
_WORDS: Final = {
    "layerTitle": Message("What to show"),
    "stageTitle": Message("Stages"),
    "cardsTitle": Message("Key figures"),
    "kindsTitle": Message("Institutions and sites"),
    "worstTitle": Message("Townships to look at first"),
    "search": Message("Search a township or institution"),
    "nothingFound": Message("Nothing found"),
    "tableButton": Message("Table"),
    "pictureButton": Message("Save picture"),
    "printButton": Message("Print · PDF"),
    "csvButton": Message("Save CSV"),
    "close": Message("Close"),
    "play": Message("Play the stages"),
    "pause": Message("Pause"),
    "zoomIn": Message("Zoom in"),
    "zoomOut": Message("Zoom out"),
    "whole": Message("Show the whole area"),
    "mapLabel": Message("Map of townships"),
    "mapHelp": Message(
        "Arrow keys walk from township to township, Enter opens its details, plus and minus zoom."
    ),
    "toTable": Message("Skip to the table"),
    "service": Message("Service"),
    "standardLine": Message("service standard"),
    "legendPeople": Message("Bars and figures: people of the townships in this class"),
    "legendTownships": Message("Bars and figures: share of townships"),
    "opensNow": Message("Opens in this stage"),
    "openedBefore": Message("Opened before"),
    "opensHere": Message("What opens here"),
    "opensNothing": Message("The plan opens nothing in this township."),
    "county": Message("County"),
    "township": Message("Township"),
    "population": Message("Population"),
    "elderly": Message("Aged 65 and over"),
    "change": Message("Change of population"),
    "index": Message("Extinction risk index"),
    "link": Message("Link"),
    "nearest": Message("Mean time to the nearest"),
    "covered": Message("People within the standard"),
    "coveredShort": Message("Within standard"),
    "need": Message("People in need"),
    "unmet": Message("Without a place"),
    "status": Message("Status"),
    "underserved": Message("underserved"),
    "served": Message("served"),
    "atRisk": Message("at risk"),
    "whyRisk": Message("Why it is at risk"),
    "shrinking": Message("Depopulating township"),
    "why": Message("Why it is underserved"),
    "againstToday": Message("against today"),
    "beyond": Message("beyond cutoff"),
    "unreachable": Message("none in reach"),
    "unsnapped": Message("far from any road"),
    "noProvider": Message("nobody offers it"),
    "arrivingShort": Message("People who arrive"),
    "onProxyShort": Message("Estimated"),
    "roadsKey": Message("Roads"),
    "ferryKey": Message("Ferry"),
    "proxyKey": Message("Estimated road (proxy link)"),
    "noData": Message("no data"),
    "minutesToday": Message("Today (min)"),
    "noScript": Message(
        "This map needs JavaScript, which this browser does not run. The report shows the same "
        "results without it."
    ),
}


def _templates() -> dict[str, Message]:
    """Return texts with places that only the page can fill."""

    def kept(template: str, *names: str) -> Message:
        return Message(template, **{name: "{" + name + "}" for name in names})

    return {
        "sureNote": kept("underserved in {share} % of the samples", "share"),
        "proxyNote": kept("{share} % of this time is on estimated roads", "share"),
        "arrivingNote": kept("of the {share} % of people who arrive", "share"),
        "foundCount": kept("{count} found", "count"),
        "peopleCount": kept("{count} people", "count"),
        "minutes": kept("{count} min", "count"),
        "townshipCount": kept("{count} townships", "count"),
        "approximate": kept("Hollow: place known only roughly ({count})", "count"),
        "standardOf": kept("standard {standard} min", "standard"),
        "populationIn": kept("Population in {year} (80 % band)", "year"),
        "populationOf": kept("Population ({year})", "year"),
        "elderlyIn": kept("Aged 65 and over ({year})", "year"),
        "indexIn": kept("Extinction risk index ({year})", "year"),
        "populationThen": kept("Population in {year}", "year"),
        "changeSince": kept("Change since {year}", "year"),
        "room": kept("room for {count}", "count"),
        "institutionsHere": kept("Institutions and co-operatives here ({count})", "count"),
        "minutesStage": kept("{stage} (min)", "stage"),
        "tableTitle": kept("{service}: townships, {stage}", "service", "stage"),
    }


def page_words(language: Language) -> dict[str, Any]:
    """Return the fixed words of a page by key."""
    template, scale = money_scale(language)
    return {
        **{key: text.render(language) for key, text in {**_WORDS, **_templates()}.items()},
        "money": Message(template, amount="{amount}").render(language),
        "moneyUnit": scale,
        "changes": {
            "open": Message("opens").render(language),
            "extend": Message("is extended").render(language),
            "shrink": Message("is reduced").render(language),
            "close": Message("closes").render(language),
        },
    }
