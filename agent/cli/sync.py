"""`storebox sync`: what headquarters has, and what waits."""

from typing import Any

import typer

from agent.cli.boxes import clock_text, journal_of, tell
from agent.cli.output import JsonOption, StateOption, print_json, print_rows
from agent.core.errors import Refused
from agent.core.money import yuan
from agent.settings import Settings, in_force

sync_app = typer.Typer()

_RECEIPT = "SELECT next_seq, received_ms FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1"
_DOCUMENTS = (
    "SELECT kind, version, signature IS NOT NULL, effective_ms, received_ms,"
    " coalesce((SELECT value FROM counter WHERE name = 'directive-in-force:' || kind), 0) FROM document AS one"
    " WHERE version = (SELECT max(version) FROM document WHERE kind = one.kind) ORDER BY kind"
)
_MONEY = (
    "SELECT coalesce((SELECT sum(total_fen) FROM view_sale WHERE epoch = ?1 AND seq >= ?2), 0)"
    " + coalesce((SELECT sum(total_fen) FROM view_refund WHERE epoch = ?1 AND seq >= ?2), 0)"
)


@sync_app.command()
def status(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show how far headquarters has acknowledged each epoch, and the state of the way there."""
    from agent.daemon.box import enrolment_of

    settings = in_force(state)
    enrolled = enrolment_of(settings.state)
    with journal_of(settings) as connection:
        rows = _epochs(connection)
        directives = _directives(connection)
    link = _link(settings)
    facts = {"hq": settings.hq.url or enrolled.hq_url, "link": link, "unsent": sum(row["unsent"] for row in rows)}
    if as_json:
        print_json({**facts, "rows": rows, "directives": directives})
        return
    typer.echo(f"headquarters: {facts['hq'] or 'none, this shop trades alone'}; link: {link['state']}")
    for row in rows:
        row["received"] = clock_text(row["received_ms"], settings)
        row["unsent_fen"] = yuan(row["unsent_fen"])
    columns = {"epoch": "epoch", "last_seq": "last", "next_seq": "next at HQ", "unsent": "unsent"}
    print_rows(rows, columns | {"unsent_fen": "money", "received": "last receipt"}, as_json=False)
    for one in directives:
        one["received"] = clock_text(one["received_ms"], settings)
        one["from"] = clock_text(one["effective_ms"], settings)
    if directives:
        columns = {"kind": "directive", "version": "version", "state": "state", "from": "from", "received": "received"}
        print_rows(directives, columns, as_json=False)


@sync_app.command()
def now(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Send now, whatever the backoff says. The box must run."""
    from agent.daemon.lock import is_running

    folder = in_force(state).state
    if not is_running(folder):
        raise Refused("box.not_running", state=str(folder))
    unsent = tell(state, "sync.now")
    if as_json:
        print_json({"unsent": unsent})
    else:
        typer.echo(f"sending; {unsent['entries']} entries wait")


def _directives(connection: Any) -> list[dict[str, Any]]:
    """Return the newest version of each document: of headquarters, or of the shop's own file."""
    from agent.core.directives import QUEUES, Kind

    rows = connection.execute(_DOCUMENTS).fetchall()
    return [
        {
            "kind": kind,
            "version": version,
            "from_hq": signed,
            "state": "waiting" if signed and version > in_force else "in force",
            "effective_ms": effective_ms or None,
            "received_ms": received_ms,
        }
        for kind, version, signed, effective_ms, received_ms, in_force in rows
        if kind not in list(Kind) or Kind(kind) not in QUEUES
    ]


def _epochs(connection: Any) -> list[dict[str, Any]]:
    from agent.store.journal import epochs, last_seq

    rows = []
    for epoch in epochs(connection):
        receipt = connection.execute(_RECEIPT, (epoch,)).fetchone() or (1, None)
        last, next_seq = last_seq(connection, epoch), int(receipt[0])
        rows.append(
            {
                "epoch": epoch,
                "last_seq": last,
                "next_seq": next_seq,
                "unsent": max(0, last - next_seq + 1),
                "unsent_fen": connection.execute(_MONEY, (epoch, next_seq)).fetchone()[0],
                "received_ms": receipt[1],
            }
        )
    return rows


def _link(settings: Settings) -> dict[str, Any]:
    from agent.daemon.lock import is_running

    if not is_running(settings.state):
        return {"state": "the box does not run", "code": None}
    found: dict[str, Any] = tell(settings.state, "status")["lamps"]["hq"]
    return found
