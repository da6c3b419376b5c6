"""`storebox demo`: a whole shop on this machine, until SIGINT or SIGTERM."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.output import language as terminal_language

DEFAULT_STATE = Path("build/demo")


class Custody(StrEnum):
    """Who holds the merchants' keys."""

    direct = "direct"
    hq = "hq"


class Language(StrEnum):
    """Of slips and pages."""

    chinese = "zh-CN"
    english = "en"


def demo(
    state: Annotated[Path, typer.Option("--state", metavar="DIR", file_okay=False, help="Its folder.")] = DEFAULT_STATE,
    language: Annotated[Language, typer.Option(help="Language of slips and pages.")] = Language.chinese,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the pages; a free one when it is taken.")] = 8080,
    opened: Annotated[bool, typer.Option("--open/--closed", help="Open day and shifts, or leave that to you.")] = True,
    custody: Annotated[Custody, typer.Option(help="Who takes the money: the box, or headquarters.")] = Custody.direct,
    browser: Annotated[bool, typer.Option(help="Open the till's page in a browser, when there is a desktop.")] = True,
) -> None:
    """Start box, devices, payment platforms and headquarters; the last line says where. Ctrl-C ends everything."""
    from agent.demo.parent import serve

    def ready(url: str) -> None:
        typer.echo(_welcome(url))
        if browser and sys.stdout.isatty() and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            import webbrowser

            webbrowser.open(url)

    serve(state, language.value, ready, port, open_shop=opened, custody=custody.value)


def _welcome(url: str) -> str:
    from agent.demo.folder import PEOPLE

    chinese = terminal_language() == "zh"
    people = [f"  {one.staff} {one.name} {one.role_zh if chinese else one.role}  PIN {one.pin}" for one in PEOPLE]
    till, desk = ("收银台", "模拟台面") if chinese else ("till", "desk with printer, scanner, switches")
    return "\n".join([*people, f"{desk}: {url}/desk", f"{till}: {url}"])


def serve_new_headquarters() -> None:
    """Add a store, print an enrolment token for it, and become `storebox-hq` with the rest of the arguments."""
    from sync.hq import cli, registry
    from sync.hq.office import Office

    store, name, *program = sys.argv
    folder = Path(program[program.index("--state") + 1])
    office = Office.open(folder)
    try:
        with office.database.write() as connection:
            if not registry.has_store(connection, store):
                registry.add_store(connection, store, name, office.now_ms())
            token = registry.make_enrolment_token(connection, store, office.now_ms())
    finally:
        office.close()
    sys.stdout.write(f'{{"token": "{token}"}}\n')
    sys.stdout.flush()
    sys.argv = program
    cli.main()
