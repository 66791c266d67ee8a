"""A Chromium without network, for tests that use a page as a person would."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "msedge")


@dataclass
class Visit:
    """An open page, with what it asked of the network and what it complained of."""

    page: object
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium; without one the test is skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and os.environ.get("RURALCARE_REQUIRE_BROWSER"):
        pytest.fail(f"none of {', '.join(NAMES)} is on the PATH, and here one must be")
    if path is None:
        pytest.skip(f"none of {', '.join(NAMES)} is on the PATH")
    with sync_api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Return a function that opens a file at a size of window, with the network cut."""
    contexts = []

    def open_page(path: Path, width: int = 1440, height: int = 900, **options) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, **options
        )
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.set_default_timeout(8000)
        one = Visit(page)
        page.on("request", lambda request: one.requests.append(request.url))
        page.on("pageerror", lambda error: one.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (one.complaints.append("dialog"), dialog.dismiss()))
        page.on(
            "console",
            lambda message: (
                one.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.goto(path.as_uri())
        one.requests.remove(path.as_uri())
        return one

    yield open_page
    for context in contexts:
        context.close()
