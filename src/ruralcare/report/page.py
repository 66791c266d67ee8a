"""The map page: one HTML file that needs no network.

Folium is the container. Its map loads only Leaflet, from the text of the page; what is drawn is
one element of our own with its scripts, style and data beside it. Nothing in the page is random
and nothing tells the time, so that the same results give the same bytes.
"""

from __future__ import annotations

import json
import tempfile
import webbrowser
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Final

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from jinja2 import Environment, PackageLoader, StrictUndefined

from ruralcare.language import Language
from ruralcare.report import assets
from ruralcare.report.figures import Figures
from ruralcare.report.payload import page_data
from ruralcare.report.results import Results
from ruralcare.report.subject import Subject, of_results

__all__ = ["MapPage", "OfflineMap", "map_page", "script_json"]

_NOTEBOOK_HEIGHT_PX: Final = 720
_MAP_OPTIONS: Final[dict[str, Any]] = {
    "zoom_snap": 0.25,
    "zoom_delta": 0.5,
    "wheel_px_per_zoom_level": 120,
    "max_zoom": 17,
    "attribution_control": False,
    "keyboard": False,
}

_environment = Environment(
    loader=PackageLoader("ruralcare.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_FIGURE = Template(
    """<!DOCTYPE html>
<html lang="{{ this.language }}">
<head>
<meta charset="utf-8">
<!-- content security policy -->
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{{ this.title|e }}</title>
{{ this.header.render(**kwargs) }}
</head>
<body>
{{ this.html.render(**kwargs) }}
<script>
{{ this.script.render(**kwargs) }}
</script>
</body>
</html>
"""
)


def script_json(value: object) -> str:
    """Return JSON that may stand inside a script element: no ``<`` is left to end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, code in (("<", "003c"), (">", "003e"), ("&", "0026")):
        text = text.replace(character, f"\\u{code}")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


class _Page(Figure):
    """The document round the map, with its language, and nothing that Folium would add."""

    _template = _FIGURE

    def __init__(self, language: str, title: str) -> None:
        super().__init__(title=title)
        self.language = language
        self.header._children.clear()


class _Verbatim(Element):
    """Text that reaches the page as it is.

    Folium's own elements take their rendered text for a template once more, so that ``{{ … }}``
    in a name would be executed. Whatever holds data goes through this element instead.
    """

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


_START = Template(
    """
var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
    center: {{ this.location|tojson }},
    crs: L.CRS.{{ this.crs }},
    ...{{ this.options|tojavascript }}
});
"""
)


def _page_of(element: Element) -> _Page:
    page = element.get_root()
    if not isinstance(page, _Page):
        raise TypeError("this element belongs on a map page of ruralcare")
    return page


class OfflineMap(folium.Map):
    """A Folium map that loads Leaflet from the page itself and does not forbid zooming.

    Parameters
    ----------
    page : str
        Markup round the map, with the element of the map in it.
    language, title : str
        Language and title of the page.
    """

    def __init__(self, page: str, language: str, title: str) -> None:
        super().__init__(
            location=[0, 0], tiles=None, zoom_start=8, zoom_control=False, **_MAP_OPTIONS
        )
        self._id = "ruralcare"
        self.page = page
        # The figure that Folium made has its own idea of a page; this one takes its place.
        _Page(language, title).add_child(self)

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401 - Folium's signature
        """Put style, markup and scripts into the figure, then what was added to the map."""
        figure, name = _page_of(self), self.get_name()
        style = f"<style>{assets.leaflet_css()}\n{assets.page_css()}</style>"
        figure.header.add_child(_Verbatim(style), name=name)
        figure.html.add_child(_Verbatim(self.page), name=name)
        script = assets.leaflet_js() + _START.render(this=self)
        figure.script.add_child(_Verbatim(script), name=name)
        for child in self._children.values():
            child.render(**kwargs)
        return ""


class _Planner(MacroElement):
    """Our own element on the map: data, scripts, and the call that starts them."""

    def __init__(self, data: str, map_name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "Planner", "ruralcare"
        self.data, self.map_name = data, map_name

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401 - Folium's signature
        """Put the data and the scripts into the figure."""
        figure, name = _page_of(self), self.get_name()
        holder = f'<script type="application/json" id="page-data">{self.data}</script>'
        figure.html.add_child(_Verbatim(holder), name=name)
        start = (
            f"RuralCare.start({self.map_name}, "
            'JSON.parse(document.getElementById("page-data").textContent));'
        )
        figure.script.add_child(_Verbatim(f"{assets.page_js()}\n{start}"), name=name)
        return ""


class MapPage:
    """A map page, ready to be saved, opened, or shown in a notebook.

    Parameters
    ----------
    subject : Subject
        What the page is about; see :func:`map_page`.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def data(self) -> dict[str, Any]:
        """Everything the page carries."""
        return page_data(Figures(self._subject))

    @cached_property
    def folium(self) -> OfflineMap:
        """The Folium map, to which more can be added before :meth:`save`.

        The page keeps its rule that nothing is loaded from the network: an addition works as far
        as it brings its own scripts.
        """
        page = _environment.get_template("page.html.j2").render(
            data=self.data,
            words=self.data["words"],
            map_id="map_ruralcare",
            leaflet=json.loads(assets.asset("manifest.json"))["packages"][0],
        )
        chart = OfflineMap(page, self._subject.language, self.data["finding"])
        chart.add_child(_Planner(script_json(self.data), chart.get_name()))
        return chart

    def html(self) -> str:
        """Return the page as text."""
        return assets.with_policy(self.folium.get_root().render())

    def save(self, path: str | Path) -> Path:
        """Write the page in UTF-8 and return where."""
        path = Path(path)
        path.write_bytes(self.html().encode())
        return path

    def open(self) -> Path:
        """Write the page to a temporary file, show it in the browser, and return the file."""
        path = self.save(Path(tempfile.mkdtemp(prefix="ruralcare-")) / "map.html")
        webbrowser.open(path.as_uri())
        return path

    def _repr_html_(self) -> str:
        """Return the page in a frame of fixed height, which works in an untrusted notebook."""
        return (
            f'<iframe srcdoc="{escape(self.html())}" width="100%" height="{_NOTEBOOK_HEIGHT_PX}" '
            f'title="{escape(self.data["finding"])}" style="border:1px solid #cdd6df"></iframe>'
        )


def map_page(results: Results | Subject, language: Language | None = None) -> MapPage:
    """Return the map page of some results.

    Parameters
    ----------
    results : Results or Subject
        A run, or as much as is known (see :mod:`ruralcare.report.subject`).
    language : {"ko", "en"}, optional
        By default the language of the scenario.
    """
    subject = results if isinstance(results, Subject) else of_results(results)
    return MapPage(subject.speaking(language))
