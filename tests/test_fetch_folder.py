"""What a fetch leaves in the cache and in its folder, whatever runs beside it."""

from __future__ import annotations

import csv
import datetime
import threading

import pytest
from test_fetch import fetched, internet  # noqa: F401 - fixtures

from ruralcare import fetching
from ruralcare.settings import Settings


def test_a_fetch_leaves_the_answers_of_another_one_alone(tmp_path, fetched, monkeypatch):  # noqa: F811
    """Two fetches of one county at once: the first ends while the second writes its roads."""
    waiting, go_on = threading.Event(), threading.Event()
    plain = fetching.write_osm
    found = []

    def slow(graph, path):
        if threading.current_thread() is not threading.main_thread():
            waiting.set()
            assert go_on.wait(30)
            found.extend(one.name for one in (tmp_path / "cache" / "fetch").iterdir())
        return plain(graph, path)

    monkeypatch.setattr(fetching, "write_osm", slow)
    thread = threading.Thread(target=fetched, args=["해남군"], kwargs={"out": "second"})
    thread.start()
    assert waiting.wait(30)
    fetched("해남군", out="first")
    go_on.set()
    thread.join()
    assert len(found) == 1
    assert (tmp_path / "second" / "scenario.toml").exists()
    assert not list((tmp_path / "cache" / "fetch").iterdir())


def test_answers_of_a_failed_fetch_serve_a_second_try(tmp_path, fetched, internet, monkeypatch):  # noqa: F811
    def broken(*_):
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "write_osm", broken)
        with pytest.raises(OSError, match="full"):
            fetched("해남군")
    asked = len(internet["asked"])
    fetched("해남군")
    assert not [path for path in internet["asked"][asked:] if "api" in path]


def test_answers_of_days_ago_are_removed(tmp_path, fetched):  # noqa: F811
    today = datetime.datetime.now(tz=datetime.UTC).date()
    folder = Settings(tmp_path / "cache").cache_dir / "fetch"
    for days, kept in ((0, "mine"), (1, "mine"), (2, "old"), (40, "old")):
        day = today - datetime.timedelta(days=days)
        (folder / f"{day.isoformat()}-{kept}{days}").mkdir(parents=True)
    fetched("해남군")
    assert {one.name[11:15] for one in folder.iterdir()} == {"mine"}
    assert len(list(folder.iterdir())) == 2


def test_sources_hold_no_formula(tmp_path, fetched, internet):  # noqa: F811
    url = internet["urls"]["overpass_url"]
    rows = [{"file": "=1+1", "url": url, "version": "-3", "source": "© OpenStreetMap"}]
    fetching._write_sources(tmp_path, rows)
    with (tmp_path / "SOURCES.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row == {"file": "'=1+1", "url": url, "version": "'-3", "source": "© OpenStreetMap"}


def test_what_is_to_be_read_first_names_the_missing_files(tmp_path, fetched):  # noqa: F811
    made = fetched("해남군")
    text = (tmp_path / "out" / "읽어보세요.txt").read_text("utf-8-sig")
    for file in made.missing:
        assert file.relative_to(tmp_path / "out").as_posix() in text
    assert "{" not in text
