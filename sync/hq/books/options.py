"""What the commands of the books have in common: where headquarters is, who acts, days."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.core.money import yuan

if TYPE_CHECKING:
    from sync.hq.office import Office
    from sync.hq.people.rights import Person

State = Annotated[Path, typer.Option("--state", envvar="STOREBOX_HQ_STATE", help="Headquarters' state folder.")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", envvar="STOREBOX_HQ_DATABASE", help="An SQLAlchemy URL.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Actor = Annotated[str, typer.Option("--as", help="Who does it; the password is asked for, or in STOREBOX_HQ_PASSWORD.")]
Password = Annotated[
    str, typer.Option("--password", envvar="STOREBOX_HQ_PASSWORD", prompt=True, hide_input=True, hidden=True)
]
_YUAN = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")
DEFAULT_STATE = Path("/var/lib/storebox-hq")


@contextmanager
def opened(state: Path, database: str | None) -> "Iterator[Office]":
    """Open headquarters for a command."""
    from sync.hq.office import Office

    office = Office.open(state, database)
    try:
        yield office
    finally:
        office.close()


def acting(office: "Office", name: str, password: str) -> "Person":
    """Return who does it; raises `Credentials` when it is somebody else."""
    from sync.hq.books.acting import proven_person

    return proven_person(office.database, name, password, office.now_ms())


def a_day(text: str) -> date:
    """Return a day; what is none is a usage error."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no date like 2026-10-03") from error


def today_of(office: "Office") -> date:
    """Return today in China."""
    from agent.core.moment import platform_day

    return platform_day(office.now_ms())


def fen(text: str) -> int:
    """Return an amount in fen that was typed in yuan; what is none is a usage error."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text} is no amount in yuan like 1234.50")
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))


def show(rows: Iterable[Mapping[str, object]], name: str, as_json: bool, columns: Iterable[str]) -> None:
    """Write rows: one JSON document under `name`, or a line each with the columns; amounts in yuan."""
    listed = list(rows)
    if as_json:
        typer.echo(json.dumps({name: listed}, ensure_ascii=False))
        return
    for row in listed:
        cells = (yuan(int(str(row[column]))) if column.endswith("_fen") else _cell(row[column]) for column in columns)
        typer.echo("\t".join(cells))


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)
