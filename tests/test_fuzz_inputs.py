"""Damaged bytes never give a traceback, a hang or half an output.

Every file of the tiny county is damaged in many ways (bits turned, pieces cut out, doubled,
exchanged, text put in), always the same for a given seed. The check then either finds faults or,
where the damage does no harm, reads the file.
"""

from __future__ import annotations

import faulthandler
import random
from pathlib import Path

import pytest
from tiny_county import FILES, county
from typer.testing import CliRunner

from ruralcare import InputError, Scenario, workflow
from ruralcare.cli import app
from ruralcare.report import InputsReport

ROUNDS = 24
LONGEST_S = 120
JUNK = (
    b"\x00", b"\xff\xfe", b'"', b",", b"\n", b"\r", b"{", b"]", b"1e999", b"-", b"nan", b"\xed\xa0",
    "가".encode("cp949"), b"<", b"&x;", b"9" * 400, b"'", b"=1+1", b"\x1a", b"[[", b"null",
)  # fmt: skip


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Return bytes with one to three damages."""
    data = bytearray(content)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(data) + 1)
        to = min(len(data), at + dice.choice((1, 2, 8, 64, 1024)))
        kind = dice.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            del data[at:to]
        elif kind == 2:
            data[at:at] = data[at:to]
        elif kind == 3:
            data[at:at] = dice.choice(JUNK)
        elif kind == 4:
            data[at:to] = bytes(dice.randrange(256) for _ in range(to - at))
        else:
            del data[at:]
    return bytes(data)


@pytest.fixture(autouse=True)
def _no_hang():
    """Stop the tests with a trace of where they hang."""
    faulthandler.dump_traceback_later(LONGEST_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("kind", FILES)
def test_damaged_bytes_are_faults_or_do_no_harm(tmp_path: Path, kind: str):
    path = county(tmp_path)
    victim = tmp_path / FILES[kind]
    whole = victim.read_bytes()
    dice = random.Random(f"damage of {kind}")
    found = 0
    for _ in range(ROUNDS):
        victim.write_bytes(damaged(whole, dice))
        try:
            scenario = Scenario.read(path)
        except InputError as error:
            report = InputsReport(path.name, faults=error.faults)
        else:
            read = workflow.examine(scenario)
            tables = (read.townships, read.people, read.places, read.roads)
            report = InputsReport(path.name, scenario, *tables, read.faults, read.readings)
        found += bool(report.faults)
        for language in ("ko", "en"):
            assert report.render(language)
            assert report.to_html(language)
    assert found, "no damage was ever noticed"


@pytest.mark.parametrize("kind", ["register", "boundaries", "roads", "scenario"])
def test_a_run_on_damaged_files_writes_nothing(tmp_path: Path, kind: str):
    path = county(tmp_path / "county")
    victim = path.parent / FILES[kind]
    victim.write_bytes(victim.read_bytes()[: len(victim.read_bytes()) // 2])
    result = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert [one.name for one in tmp_path.iterdir()] == ["county"]
