"""The command line: parse, call the workflow, print, exit code.

What a command needs is imported in it: help must not wait for the libraries of all rooms.

Exit codes: 0 done, 2 bad input (nothing written), 3 no plan keeps all the rules, 4 the plan was
stopped before the quality asked for was proven (it is still delivered), 130 interrupted.
"""

from __future__ import annotations

import json
import locale
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ruralcare.errors import Fault, InfeasibleError, InputError, RuralCareError
from ruralcare.language import LANGUAGES, Language, Message
from ruralcare.settings import bundled_data
from ruralcare.stages import Stage

if TYPE_CHECKING:
    from ruralcare.report import Results

__all__ = ["app", "main"]

DONE, BAD_INPUT, INFEASIBLE, STOPPED_EARLY = 0, 2, 3, 4

app = typer.Typer(
    name="ruralcare",
    help="Plans rural care networks: travel times, underserved townships, staged roll-outs. "
    "농촌 돌봄망을 계획합니다.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out_console = Console(highlight=False, soft_wrap=True)
error_console = Console(stderr=True, highlight=False, soft_wrap=True)

ScenarioArgument = Annotated[Path, typer.Argument(help="Scenario file (.toml). 시나리오 파일.")]
LanguageOption = Annotated[
    Language | None, typer.Option("--language", help="Language of texts: ko or en. 언어.")
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", help="Table [variants.NAME] to apply. 변형 이름.")
]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A console of another code page must not stop the program over a letter.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()


@app.command()
def new(
    directory: Annotated[Path, typer.Argument(help="Folder to make. 만들 폴더.")],
    example: Annotated[
        Literal["demo"], typer.Option("--example", help="What to start from. 시작할 예제.")
    ] = "demo",
    language: LanguageOption = None,
) -> None:
    """Make a folder with a scenario and its data to start from. 예제 시나리오를 만듭니다."""
    tongue = language or _system_language()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        fault = Fault(
            Message("The folder exists and is not empty."),
            Message("Choose a new or empty folder."),
            value=str(directory),
        )
        raise _failed(InputError([fault]), tongue)
    source = bundled_data()
    folders = ("boundaries", "population", "villages", "facilities", "cooperatives", "roads")
    try:
        for folder in folders:
            shutil.copytree(source / folder, directory / folder)
        (directory / "scenarios").mkdir()
        scenario = directory / "scenarios" / f"{example}.toml"
        shutil.copy2(source / "scenarios" / f"{example}.toml", scenario)
        shutil.copy2(source / "LICENSE", directory / "LICENSE")
    except OSError as error:
        fault = Fault(
            Message("The folder cannot be written: {detail}.", detail=str(error)),
            Message("Choose a folder in which you may write."),
            value=str(directory),
        )
        raise _failed(InputError([fault]), tongue) from None
    _say(
        Message(
            "Made {path}. Next: ruralcare run {path} --out results", path=shlex.quote(str(scenario))
        ),
        tongue,
    )


@app.command()
def fetch(
    sigungu: Annotated[
        list[str],
        typer.Option(
            "--sigungu", help="County by name or code; may be given again. 시·군·구 이름이나 코드."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to make. 만들 폴더.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Date of the boundaries: 2025. 경계의 날짜.")
    ] = None,
    overpass_url: Annotated[
        str | None, typer.Option("--overpass-url", help="Overpass server. 도로를 받을 서버.")
    ] = None,
    boundaries_url: Annotated[
        str | None,
        typer.Option("--boundaries-url", help="Server of the boundaries. 경계를 받을 서버."),
    ] = None,
    no_roads: Annotated[
        bool, typer.Option("--no-roads", help="Fetch no roads. 도로는 받지 않음.")
    ] = False,
    language: LanguageOption = None,
) -> None:
    """Fetch boundaries and roads of a county, with a scenario. 경계와 도로를 받아 옵니다."""
    from ruralcare import fetching

    tongue = language or _system_language()
    try:
        with _progress(tongue) as progress:
            made = fetching.fetch_county(
                sigungu,
                out,
                as_of=as_of,
                roads=not no_roads,
                overpass_url=overpass_url,
                boundaries_url=boundaries_url,
                language=language or "ko",
                progress=progress,
            )
    except RuralCareError as error:
        raise _failed(error, tongue) from None
    except OSError as error:
        fault = Fault(
            Message("The folder cannot be written: {detail}.", detail=str(error)),
            Message("Free some space, or choose a folder in which you may write."),
            column="--out",
            value=str(out),
        )
        raise _failed(InputError([fault]), tongue) from None
    except KeyboardInterrupt:
        _say(Message("Stopped; nothing was written."), tongue, error=True)
        raise typer.Exit(130) from None
    _say(
        Message(
            "Made {path}: {names}, boundaries of {date}, {count} townships and {around} around "
            "them, {ways} ways.",
            path=str(made.scenario),
            names=", ".join(made.counties),
            date=made.as_of,
            count=made.townships,
            around=made.around,
            ways=made.ways,
        ),
        tongue,
    )
    _say(Message("Still to be added (each is explained in the scenario):"), tongue)
    for file in made.missing:
        out_console.print(f"  {escape(str(file))}")
    _say(Message("Next: ruralcare check {path}", path=shlex.quote(str(made.scenario))), tongue)


@app.command()
def check(
    scenario: ScenarioArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON. JSON으로 출력.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write the report as a page. 점검표를 HTML로 저장."),
    ] = None,
    variant: VariantOption = None,
    language: LanguageOption = None,
) -> None:
    """Read everything a scenario names and list every fault. 입력 자료를 점검합니다."""
    from ruralcare import delivery, workflow

    tongue = language or _language_of(scenario)
    try:
        with _progress(tongue) as progress:
            report = workflow.check(scenario, variant=variant, progress=progress)
        if html is not None:
            delivery.write_page(html, report.to_html(tongue))
    except RuralCareError as error:
        raise _failed(error, tongue) from None
    except KeyboardInterrupt:
        _say(Message("Stopped; nothing was written."), tongue, error=True)
        raise typer.Exit(130) from None
    if as_json:
        sys.stdout.write(json.dumps(report.to_dict(tongue), ensure_ascii=False, indent=1) + "\n")
    else:
        out_console.print(escape(report.render(tongue)))
        if html is not None:
            _say(Message("Report in {path}", path=str(html)), tongue)
    if not report.ok:
        raise typer.Exit(BAD_INPUT)


@app.command()
def run(
    scenario: ScenarioArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results. 결과 폴더.")],
    until: Annotated[
        Stage, typer.Option("--until", help="Where to stop. 여기까지만 계산.")
    ] = "report",
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            help="dask.distributed scheduler (tcp://…) that measures travel times. 계산 서버 주소.",
        ),
    ] = None,
    variant: VariantOption = None,
    language: LanguageOption = None,
) -> None:
    """Run a scenario and write map, report and tables. 계획을 계산해 지도와 보고서를 만듭니다."""
    from ruralcare import delivery, workflow
    from ruralcare.scenario import Scenario

    tongue = language or _language_of(scenario)
    try:
        delivery.check_folder(out)
        read = Scenario.read(scenario, variant=variant)
        tongue = language or read.language
        read = read.model_copy(update={"language": tongue})
        with _progress(tongue) as progress:
            results = workflow.run(read, until=until, scheduler=scheduler, progress=progress)
            files = delivery.deliver(results, out, pages=until == "report", progress=progress)
    except RuralCareError as error:
        raise _failed(error, tongue) from None
    except OSError as error:
        fault = Fault(
            Message("The results cannot be written: {detail}.", detail=str(error)),
            Message("Free some space, or choose a folder in which you may write."),
            column="--out",
            value=str(out),
        )
        raise _failed(InputError([fault]), tongue) from None
    except KeyboardInterrupt:
        _say(Message("Stopped; nothing was written."), tongue, error=True)
        raise typer.Exit(130) from None
    _summary(results, files, out, tongue)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors. 시나리오 형식을 출력합니다."""
    from ruralcare.scenario import json_schema

    sys.stdout.write(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")


def _summary(results: Results, files: list[Path], out: Path, language: Language) -> None:
    """Print what came out; exit with 4 if the quality asked for was not reached."""
    plan = results.plan
    code = DONE
    if plan is not None:
        opened = plan.openings[plan.openings["change"] == "open"]
        _say(
            Message(
                "Plan: {count} openings, proven within {gap} % of the best possible.",
                count=len(opened),
                gap=round(100 * plan.relative_gap, 2),
            ),
            language,
        )
        if plan.termination == "interrupted":
            _say(
                Message("You stopped the search; the best plan so far is delivered."),
                language,
                error=True,
            )
            code = STOPPED_EARLY
        if plan.termination == "time_limit":
            asked = 100 * results.scenario.plan.relative_gap
            _say(
                Message(
                    "The search stopped before {gap} % was proven; the plan found is "
                    "delivered. A longer plan.time_limit_s may improve it.",
                    gap=round(asked, 2),
                ),
                language,
                error=True,
            )
            code = STOPPED_EARLY
    _say(Message("Results in {path}", path=str(out)), language)
    pages = [file for file in files if file.suffix == ".html"]
    if pages:
        _say(Message("Open in a browser (no internet needed):"), language)
        for page in pages:
            out_console.print(f"  {escape(str(page))}")
    if code:
        raise typer.Exit(code)


class _Shown:
    """Shows progress as one line that changes."""

    def __init__(self, bar: Bar, language: Language) -> None:
        self._bar, self._language = bar, language
        self._last = ""
        self._task = bar.add_task("", total=None)

    def __call__(self, step: Message, done: float | None = None) -> None:
        text = escape(step.render(self._language))
        if not error_console.is_terminal:
            # A log wants a line per step, not a bar.
            if step.template != self._last:
                error_console.print(text)
            self._last = step.template
            return
        total = None if done is None else 1.0
        self._bar.update(self._task, description=text, total=total, completed=done or 0.0)


@contextmanager
def _progress(language: Language) -> Iterator[_Shown]:
    """Show a progress bar on the error stream, so that output can be piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=error_console, transient=True) as bar:
        yield _Shown(bar, language)


def _failed(error: RuralCareError, language: Language) -> typer.Exit:
    """Print an error and return the exit that fits it."""
    error_console.print(escape(error.render(language)))
    return typer.Exit(INFEASIBLE if isinstance(error, InfeasibleError) else BAD_INPUT)


def _say(message: Message, language: Language, *, error: bool = False) -> None:
    console = error_console if error else out_console
    console.print(escape(message.render(language)))


def _language_of(scenario: Path) -> Language:
    """Return the language that a scenario asks for, even if the rest of it is faulty."""
    try:
        told = tomllib.loads(scenario.read_bytes().decode("utf-8-sig")).get("language", "ko")
    except (OSError, ValueError):
        return _system_language()
    return told if told in LANGUAGES else _system_language()


def _system_language() -> Language:
    """Return the language of the user's system, as far as it can be told."""
    told = next(
        (os.environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(key)),
        locale.getlocale()[0] or "",
    )
    return "ko" if told.lower().startswith(("ko", "korean")) else "en"
