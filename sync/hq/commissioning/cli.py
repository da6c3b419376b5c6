"""`storebox-hq store token|packet` and `storebox-hq rollout`: commissioning from the command line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened

if TYPE_CHECKING:
    from sync.hq.commissioning.offline_packets import MadePacket
    from sync.hq.registry import TokenMode

By = Annotated[str, typer.Option("--by", help="Who makes it: stands in the store's book and on the roll-out page.")]
Replace = Annotated[bool, typer.Option("--replace", help="For a box in the place of the store's present one.")]
Reason = Annotated[str, typer.Option(help="Why a box is replaced.")]
Host = Annotated[str | None, typer.Option(help="HQ's host or host:port as boxes reach it, for the code to scan.")]
CONSOLE = "console"


def store_token(
    store: str,
    replace: Replace = False,
    reason: Reason = "",
    minutes: Annotated[int, typer.Option(min=1, max=43_200, help="How long it is good for.")] = 15,
    host: Host = None,
    plain: Annotated[bool, typer.Option("--plain", help="The host speaks http without TLS: tests only.")] = False,
    by: By = CONSOLE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a one-time token with which a box of the store enrols; a store that has a box needs --replace."""
    from agent.core.typed_codes import shown_typed_code
    from sync.hq.commissioning.codes import enrolment_text
    from sync.hq.commissioning.tokens import make_token

    with opened(state, database) as office:
        fingerprint = office.keys.fingerprint
        with office.database.write() as connection:
            life_ms = minutes * 60_000
            made = make_token(
                connection, store, by, office.now_ms(), mode=_mode(replace), reason=reason, life_ms=life_ms
            )
            code = None if host is None else enrolment_text(made, fingerprint, host, plain=plain)
    if not as_json:
        typer.echo(made.token)
        return
    document = {
        "store": store,
        "mode": made.mode.value,
        "token": made.token,
        "short": shown_typed_code(made.short),
        "code": code,
        "root_fingerprint": fingerprint,
        "expires_at_ms": made.expires_at_ms,
    }
    typer.echo(json.dumps(document))


def store_packet(
    store: str,
    output: Annotated[Path, typer.Option("-o", "--output", dir_okay=False, help="The file for the stick.")],
    hq: Annotated[str, typer.Option("--hq", metavar="URL", help="Where the box will find headquarters.")],
    show_code: Annotated[
        bool, typer.Option("--code", help="Show the code that opens it: once, here; it travels apart from the file.")
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A PDF with the code to scan, for the technician's pocket.")
    ] = None,
    box: Annotated[str, typer.Option(help="Name of the box: 1 to 10 of A-Z and 0-9.")] = "B1",
    hours: Annotated[int, typer.Option(min=1, max=9_600, help="Until when it may be opened; longer for a spare.")] = 72,
    reason: Reason = "",
    by: By = CONSOLE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make an offline packet for a store's next box, which enrols with it from a stick without a line.

    A store that has a box needs --reason: its box trades on until the other is heard of.
    """
    from agent.core.typed_codes import shown_typed_code
    from agent.disk import write_private
    from sync.hq.commissioning.fonts import chinese_font
    from sync.hq.commissioning.offline_packets import make_packet
    from sync.hq.registry import store_name
    from sync.session import HttpSession

    if not show_code and sheet is None:
        raise typer.BadParameter("the code is told once and kept nowhere: ask for it by --code or --sheet")
    font = None if sheet is None else chinese_font()
    url = HttpSession(hq).base_url
    with opened(state, database) as office, office.database.write() as connection:
        life_ms = hours * 3_600_000
        made = make_packet(
            connection,
            office.keys,
            store,
            by,
            office.now_ms(),
            hq_url=url,
            box=box,
            reason=reason,
            life_ms=life_ms,
        )
        name = store_name(connection, store)
    write_private(output, made.data)
    if sheet is not None and font is not None:
        write_private(sheet, _sheet(made, name, font, made.expires_at_ms - life_ms))
    code = shown_typed_code(made.code) if show_code else ""
    document = {
        "store": store,
        "box": box,
        "epoch": made.identity.epoch,
        "mode": made.mode.value,
        "packet": made.packet,
        "file": str(output),
        "code": code,
        "expires_at_ms": made.expires_at_ms,
    }
    typer.echo(json.dumps(document) if as_json else code)


def _sheet(made: "MadePacket", name: str, font: tuple[Path, int], made_at_ms: int) -> bytes:
    from agent.core.moment import PLATFORM_ZONE, at
    from sync.hq.commissioning.packet_pages import PacketSheet, write_sheet
    from sync.hq.registry import TokenMode

    who, expires = made.identity, at(made.expires_at_ms, PLATFORM_ZONE)
    page = PacketSheet(who.store, name, who.box, who.epoch, made.code, expires, made.mode is TokenMode.REPLACE)
    return write_sheet(page, font, at(made_at_ms, PLATFORM_ZONE))


def _mode(replace: bool) -> "TokenMode":
    from sync.hq.registry import TokenMode

    return TokenMode.REPLACE if replace else TokenMode.NEW
