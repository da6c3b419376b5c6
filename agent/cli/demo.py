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
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Port of the pages; a free one when taken. 0: free ones for all."),
    ] = 8080,
    opened: Annotated[bool, typer.Option("--open/--closed", help="Open day and shifts, or leave that to you.")] = True,
    custody: Annotated[Custody, typer.Option(help="Who takes the money: the box, or headquarters.")] = Custody.direct,
    browser: Annotated[bool, typer.Option(help="Open the till's page in a browser, when there is a desktop.")] = True,
) -> None:
    """Start box, devices, payment platforms and headquarters; the last line says where. Ctrl-C ends everything."""
    from agent.demo.parent import serve

    def ready(url: str, headquarters: str) -> None:
        typer.echo(_welcome(url, headquarters))
        if browser and sys.stdout.isatty() and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            import webbrowser

            webbrowser.open(url)

    serve(state, language.value, ready, port, open_shop=opened, custody=custody.value)


def _welcome(url: str, headquarters: str) -> str:
    from agent.demo.folder import OFFICE_PASSWORD, OFFICE_PEOPLE, PEOPLE

    chinese = terminal_language() == "zh"
    people = [f"  {one.staff} {one.name} {one.role_zh if chinese else one.role}  PIN {one.pin}" for one in PEOPLE]
    people += [f"  {name} {role_zh if chinese else role}  {OFFICE_PASSWORD}" for name, role, role_zh in OFFICE_PEOPLE]
    till, desk = ("收银台", "模拟台面") if chinese else ("till", "desk with printer, scanner, switches")
    office = "总部" if chinese else "headquarters"
    return "\n".join([*people, f"{office}: {headquarters}", f"{desk}: {url}/desk", f"{till}: {url}"])
