"""`storebox-hq`: headquarters from the command line. Exit codes: 0 done, 1 refused or found wrong, 2 usage.

Imports of the database and the web server happen inside the commands, so that `--help` is quick.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.core.errors import Broken, Refused, StoreboxError
from sync.hq.books.bank_cli import bank_app
from sync.hq.books.bill_cli import bill_app, fee_app
from sync.hq.books.cli import closed_store, exceptions, morning, period_app
from sync.hq.books.difference_cli import difference_app
from sync.hq.books.job_cli import day_app, job_app
from sync.hq.commissioning.cli import store_packet
from sync.hq.commissioning.rollout_cli import rollout_app
from sync.hq.commissioning.token_cli import token_app as box_token_app
from sync.hq.directives.cli import directive_app
from sync.hq.groups_cli import group_app
from sync.hq.ledger_cli import ledger_app
from sync.hq.load.cli import load
from sync.hq.people.cli import person_app
from sync.hq.pull_cli import pull
from sync.hq.releases.cli import release_app
from sync.hq.rescue.cli import handover_app
from sync.hq.tls_cli import tls_app
from sync.hq.webhooks.cli import webhook_app

if TYPE_CHECKING:
    import socket

    from sync.hq.office import Office

app = typer.Typer(help="Headquarters of storebox.", no_args_is_help=True, add_completion=False)
store_app = typer.Typer(help="Stores and their boxes.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of people and programs that read.", no_args_is_help=True)
app.add_typer(store_app, name="store")
app.add_typer(token_app, name="token")
db_app = typer.Typer(help="The database of headquarters.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(group_app, name="group")
app.add_typer(ledger_app, name="ledger")
app.add_typer(person_app, name="person")
app.add_typer(bank_app, name="bank")
app.add_typer(period_app, name="period")
app.add_typer(bill_app, name="bill")
app.add_typer(fee_app, name="fee")
app.add_typer(day_app, name="day")
app.add_typer(job_app, name="job")
app.add_typer(difference_app, name="difference")
app.add_typer(directive_app, name="directive")
app.add_typer(webhook_app, name="webhook")
app.add_typer(handover_app, name="handover")
app.add_typer(release_app, name="release")
app.add_typer(rollout_app, name="rollout")
app.add_typer(tls_app, name="tls")
store_app.command("closed")(closed_store)
store_app.add_typer(box_token_app, name="token")
store_app.command("packet")(store_packet)
app.command()(morning)
app.command()(exceptions)
app.command()(load)
app.command()(pull)

State = Annotated[Path, typer.Option("--state", envvar="STOREBOX_HQ_STATE", help="Headquarters' state folder.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database", envvar="STOREBOX_HQ_DATABASE", help="An SQLAlchemy URL; SQLite in the state folder without."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Phone = Annotated[str, typer.Option(help="The telephone at the counter: other stores see it in look-ups.")]
Entity = Annotated[str, typer.Option(help="The company whose books the store's are.")]
DEFAULT_STATE = Path("/var/lib/storebox-hq")


@app.command()
def serve(
    state: State = DEFAULT_STATE,
    host: str = "127.0.0.1",
    port: int = 8090,
    fd: Annotated[int | None, typer.Option(help="An inherited listening socket, instead of host and port.")] = None,
    database: DatabaseUrl = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Serving processes; more than 1 with PostgreSQL.")] = 1,
) -> None:
    """Serve boxes and people; prints one line with the URL when ready."""
    from sync.hq.serve import serve as serve_until_stopped
    from sync.hq.serve import serve_in_processes

    listener = _listener(host, port, fd)
    if processes > 1:
        serve_in_processes(state, listener, database, processes)
    else:
        serve_until_stopped(state, listener, database)


@app.command()
def pay(
    state: State = DEFAULT_STATE,
    host: str = "127.0.0.1",
    port: int = 8091,
    fd: Annotated[int | None, typer.Option(help="An inherited listening socket, instead of host and port.")] = None,
    database: DatabaseUrl = None,
) -> None:
    """Take and return money for boxes, with the merchants' keys; needs nothing of `serve` but the register of boxes."""
    from sync.hq.pay.serve import serve as serve_until_stopped

    serve_until_stopped(state, _listener(host, port, fd), database)


@store_app.command("add")
def store_add(
    store: str,
    name: str = "",
    phone: Phone = "",
    entity: Entity = "",
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Add a store."""
    from sync.hq import registry

    with _office(state, database) as office, office.database.write() as connection:
        registry.add_store(connection, store, name or store, office.now_ms(), phone, entity)
    typer.echo(f"store {store} added")


@store_app.command("change")
def store_change(
    store: str,
    name: str | None = None,
    phone: Phone | None = None,
    entity: Entity | None = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Give a store another name, telephone or company."""
    from sync.hq import registry

    with _office(state, database) as office, office.database.write() as connection:
        registry.change_store(connection, store, name, phone, entity)
    typer.echo(f"store {store} changed")


@store_app.command("list")
def store_list(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the stores, complete up to which entry, and when they were last seen."""
    from sync.hq import registry
    from sync.hq.manifest import store_state

    with _office(state, database) as office, office.database.read() as connection:
        rows = [
            {"store": store, "name": name, **store_state(connection, store)}
            for store, name in registry.store_names(connection)
        ]
    if as_json:
        typer.echo(json.dumps({"stores": rows}, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['store']}\t{row['name']}\tepoch {row['epoch']}\tcomplete up to #{row['complete_up_to']}")


@store_app.command("revoke")
def store_revoke(
    store: str, epoch: int, reason: str, state: State = DEFAULT_STATE, database: DatabaseUrl = None
) -> None:
    """Take the key of a box out of use, for instance after a theft."""
    from sync.hq import registry

    with _office(state, database) as office, office.database.write() as connection:
        registry.revoke(connection, store, epoch, reason, office.now_ms())
    typer.echo(f"epoch {epoch} of store {store} revoked")


@token_app.command("add")
def token_add(
    name: str,
    store: Annotated[list[str] | None, typer.Option(help="A store that may be read; all when left out.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Make a token that may read the ledger; it is shown once."""
    from sync.hq import registry

    with _office(state, database) as office, office.database.write() as connection:
        for one in store or ():
            if not registry.has_store(connection, one):
                raise Refused("store.unknown", store=one)
        typer.echo(registry.make_access_token(connection, name, store or None, office.now_ms()))


@db_app.command("distribute")
def db_distribute(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Spread the tables over a Citus cluster by store; the URL is its coordinator's. Running it again is harmless."""
    from sync.hq.distribution import distribute

    with _office(state, database) as office, office.database.write() as connection:
        done = distribute(connection)
    if as_json:
        typer.echo(json.dumps({"done": done}))
        return
    for statement in done:
        typer.echo(statement)
    typer.echo(f"{len(done)} tables spread" if done else "every table was spread already")


@db_app.command("size")
def db_size(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Tell what the database takes on disk, by table and by entry, and what a day adds."""
    from sync.hq.size import measured

    with _office(state, database) as office, office.database.read() as connection:
        found = measured(connection, office.now_ms())
    if as_json:
        typer.echo(json.dumps(found.data()))
        return
    for name, size_bytes in found.tables.items():
        typer.echo(f"{size_bytes / 1e6:12,.1f} MB  {size_bytes / max(1, found.entries):8,.1f} B an entry  {name}")
    typer.echo(
        f"{found.entries:,} entries in {found.total_bytes / 1e9:,.2f} GB: {found.bytes_an_entry:,.0f} bytes each"
    )
    typer.echo(
        f"the last days brought {found.entries_a_day:,.0f} entries a day: {found.bytes_a_day / 1e9:,.3f} GB a day,"
        f" {found.bytes_a_day * 365 / 1e12:,.3f} TB a year"
    )


@app.command("match")
def match_bill(
    bill: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="A trade bill as the platform gives it.")],
    merchant: Annotated[str, typer.Option(help="The merchant's number at the platform.")],
    day: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The platform's day (GMT+8).")],
    rate_bp: Annotated[int | None, typer.Option(min=0, max=10_000, help="Fee, 1/100 %: 60 is 0.60 %.")] = None,
    expected_hash: Annotated[str | None, typer.Option("--hash", help="The hash that the platform announced.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Match a bill with the stores' journals, line by line; exit code 1 when there are differences."""
    import os

    from sync.hq.matching import report
    from sync.hq.matching.by_hand import match_file

    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter(f"{day} is no date like 2026-10-03") from error
    with _office(state, database) as office:
        made = match_file(office.database, bill, merchant, on, rate_bp, expected_hash)
    found, statement, unreadable = made.match, made.statement, list(made.unreadable)
    if as_json:
        typer.echo(json.dumps(report.document(found, statement, unreadable), ensure_ascii=False))
    else:
        chinese = os.environ.get("STOREBOX_LANGUAGE", os.environ.get("LANG", "")).lower().startswith("zh")
        for line in report.text(found, statement, chinese):
            typer.echo(line)
        for place in unreadable:
            typer.echo(f"unreadable entry: {place}", err=True)
    if unreadable or report.has_differences(found):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except StoreboxError as error:
        typer.echo(f"{error}", err=True)
        sys.exit(1)


def _listener(host: str, port: int, fd: int | None) -> "socket.socket":
    import socket

    from sync.serving import listening

    try:
        return socket.socket(fileno=fd) if fd is not None else listening(host, port)
    except OSError as error:
        raise Refused("hq.address_taken", host=host, port=port, reason=error.strerror) from error


@contextmanager
def _office(state: Path, database: str | None) -> "Iterator[Office]":
    from sync.hq.office import Office

    try:
        office = Office.open(state, database)
    except OSError as error:
        raise Broken("hq.state_unusable", state=str(state), reason=error.strerror) from error
    try:
        yield office
    finally:
        office.close()
