"""Files that travel inside a page: Leaflet, our own scripts and styles, and their hashes."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Final

__all__ = ["asset", "leaflet_css", "leaflet_js", "page_css", "page_js", "report_css", "with_policy"]

_PARTS: Final = (
    "base",
    "shapes",
    "canvas",
    "labels",
    "panel",
    "drawer",
    "table",
    "search",
    "picture",
    "app",
)
_SOURCE_MAP: Final = re.compile(r"\n?//# sourceMappingURL=\S+\s*$")
_IMAGE: Final = re.compile(r"url\((?!\"?data:)[^)]*\)")
_INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
POLICY_MARK: Final = "<!-- content security policy -->"


@cache
def asset(name: str) -> str:
    """Return the text of a file under ``assets``."""
    return resources.files("ruralcare.report").joinpath("assets", name).read_text("utf-8")


def leaflet_js() -> str:
    """Return Leaflet without the note that would make a browser look for its source map."""
    return _SOURCE_MAP.sub("\n", asset("leaflet/leaflet.js"))


def leaflet_css() -> str:
    """Return Leaflet's style without the pictures of markers and layer lists, unused here."""
    return _IMAGE.sub("none", asset("leaflet/leaflet.css"))


def page_js() -> str:
    """Return our own scripts, in order."""
    return "\n".join(asset(f"src/{name}.js") for name in _PARTS)


def page_css() -> str:
    """Return the style of the map page."""
    return asset("src/page.css")


def report_css() -> str:
    """Return the style of the report."""
    return asset("src/report.css")


def with_policy(html: str) -> str:
    """Put a content security policy where the page has :data:`POLICY_MARK`.

    Nothing may be loaded from anywhere; only the scripts and styles that stand in the page, known
    by their hashes, take effect. What a name in the data might smuggle in does not.
    """
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    rules = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "img-src data: blob:"]
    for kind, known in hashes.items():
        allowed = " ".join(dict.fromkeys(known)) or "'none'"
        rules.append(f"{kind}-src {allowed}")
    content = "; ".join(rules)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{content}">'
    return html.replace(POLICY_MARK, policy, 1)
