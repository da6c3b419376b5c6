"""What every noun shares: options, one JSON document or a table on standard output, errors on standard error.

Separate from the nouns so that scripts meet one shape: with `--json` standard output holds one document and nothing
else; a refusal is a code, a sentence and a remedy on standard error, and exit code 1.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from agent.core.errors import StoreboxError

REFUSED = 1
T = TypeVar("T")

StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        file_okay=False,
        help="State folder; default: $STOREBOX_STATE, the unit's.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def language() -> str:
    """Return the language of this terminal, "zh" or "en": STOREBOX_LANGUAGE, else the locale's."""
    for name in ("STOREBOX_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def print_json(document: Any) -> None:
    """Print one JSON document; the caller prints nothing else."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool, title: str = "", **facts: Any
) -> None:
    """Print rows as a table, or as `{"rows": […], **facts}`. `columns` maps keys to headings, in order."""
    if as_json:
        print_json({"rows": [dict(row) for row in rows], **facts})
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for key, heading in columns.items():
        numeric = bool(rows) and all(isinstance(row.get(key), int) for row in rows)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(key))) for key in columns))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def print_error(error: StoreboxError) -> None:
    """Print code, sentence, remedy and values of an error on standard error, in the terminal's language."""
    from agent.core.sentences import sentence_of

    said = sentence_of(error)
    chinese = language() == "zh"
    title, detail, remedy = (
        (said.zh_title, said.zh_detail, said.zh_remedy) if chinese else (said.en_title, said.en_detail, said.en_remedy)
    )
    values = ", ".join(f"{key}={value}" for key, value in error.values.items())
    typer.secho(f"{error.code}: {title}", err=True, bold=True, fg="red" if sys.stderr.isatty() else None)
    for line in (detail, remedy, values):
        if line:
            typer.echo(f"  {line}", err=True)


def found_wrong() -> NoReturn:
    """Leave with exit code 1: something was refused or found wrong, and has been printed."""
    raise typer.Exit(REFUSED)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Any]:
    """Give a function `advance(steps=1)`; a bar stands on standard error while a person watches."""
    if not sys.stderr.isatty():
        yield lambda steps=1: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps=1: bar.advance(task, steps)


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Yield `items`, moving a bar for each."""
    with progress(description, total) as advance:
        for item in items:
            yield item
            advance()
