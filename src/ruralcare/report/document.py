"""The report: one self-contained document that also prints well."""

from __future__ import annotations

from ruralcare.language import Language
from ruralcare.report.figures import Figures
from ruralcare.report.results import Results
from ruralcare.report.sentences import finding
from ruralcare.report.subject import of_results

__all__ = ["document"]


def document(results: Results, language: Language | None = None) -> str:
    """Return the report as HTML."""
    figures = Figures(of_results(results).speaking(language))
    text = finding(figures).render(figures.subject.language)
    return f"<!DOCTYPE html><html><body><h1>{text}</h1></body></html>"
