"""`storebox-hq directive`: what goes down to boxes, and what they did with it."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened, show

if TYPE_CHECKING:
    from agent.core.directives import Kind

directive_app = typer.Typer(help="What goes down to boxes: catalogue, roles, stop-sale …", no_args_is_help=True)
BY = "cli"


@directive_app.command("put")
def put_directive(
    kind: Annotated[str, typer.Argument(help="catalogue, tenders, roles, scale_labels, staff, stop_sale, messages.")],
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="TOML, as the box's own file of that name.")
    ],
    stores: Annotated[str, typer.Option("--stores", help="S001,S002; without it and --group all stores.")] = "",
    group: Annotated[str | None, typer.Option("--group", help="A group of stores.")] = None,
    at: Annotated[str, typer.Option("--at", help="From when: 2026-12-01T05:00+08:00; at once without.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who puts it, for the stores' books.")] = BY,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Put a document for stores: read as their boxes will read it, numbered, signed for each box when it asks.

    A box that is online has it within seconds. The newest version in force holds, whatever files the box has.
    """
    from sync.hq.directives.putting import put, stores_chosen

    body = _text(file)
    effective_ms = _moment_ms(at)
    with opened(state, database) as office, office.database.write() as connection:
        chosen = stores_chosen(connection, [one.strip() for one in stores.split(",") if one.strip()], group)
        found = put(connection, _kind(kind), body, chosen, office.now_ms(), by, effective_ms=effective_ms)
    rows = [{"store": store, "kind": kind, "version": version} for store, version in found.items()]
    show(rows, "directives", as_json, ("store", "kind", "version"))


@directive_app.command("list")
def list_directives(
    store: Annotated[str, typer.Argument(help="A store.")],
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List what was put for a store, and what its box did with it."""
    from sync.hq.directives.listing import listed

    with opened(state, database) as office, office.database.read() as connection:
        rows = [_row(one) for one in listed(connection, store)]
    show(rows, "directives", as_json, ("kind", "version", "effective", "made_by", "outcome", "code"))


def _row(one: Any) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "version": one.version,
        "effective": _clock(one.effective_ms) if one.effective_ms else "-",
        "effective_ms": one.effective_ms,
        "made_at_ms": one.made_at_ms,
        "made_by": one.made_by,
        "sha256": one.sha256,
        "outcome": one.outcome or "-",
        "code": one.code or "-",
    }


def _kind(text: str) -> "Kind":
    from agent.core.directives import QUEUES, Kind

    if text not in list(Kind) or Kind(text) in QUEUES:
        known = ", ".join(kind.value for kind in Kind if kind not in QUEUES)
        raise typer.BadParameter(f"{text} is none of {known}")
    return Kind(text)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8") from error


def _moment_ms(text: str) -> int:
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no time like 2026-12-01T05:00+08:00") from error
    if at.tzinfo is None:
        from agent.core.moment import PLATFORM_ZONE

        at = at.replace(tzinfo=PLATFORM_ZONE)
    return int(at.timestamp() * 1000)


def _clock(at_ms: int) -> str:
    from agent.core.moment import PLATFORM_ZONE

    return datetime.fromtimestamp(at_ms / 1000, PLATFORM_ZONE).strftime("%Y-%m-%d %H:%M")
