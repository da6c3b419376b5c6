"""`storebox-hq load`: how many boxes a headquarters carries, tried with real uploads of simulated ones."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.core.errors import Broken

if TYPE_CHECKING:
    from sync.hq.load.boxes import SimulatedBox
    from sync.hq.load.senders import Outcome


def load(
    url: Annotated[str, typer.Option(help="The headquarters that takes the uploads.")] = "http://127.0.0.1:8090",
    state: Annotated[
        Path, typer.Option(envvar="STOREBOX_HQ_STATE", help="Its state folder, to make the boxes known.")
    ] = Path("/var/lib/storebox-hq"),
    database: Annotated[str | None, typer.Option(envvar="STOREBOX_HQ_DATABASE", help="Its database, if a URL.")] = None,
    boxes: Annotated[int, typer.Option(min=1, max=100_000, help="Boxes that come back at once.")] = 200,
    entries: Annotated[int, typer.Option(min=1, help="Entries of each.")] = 500,
    connections: Annotated[int | None, typer.Option(min=1, help="Boxes at a time; without, all at once.")] = None,
    bad: Annotated[int, typer.Option(min=0, max=90, help="Of a hundred uploads: cut, left, slow or stalled.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed writes the same histories.")] = 1,
    prefix: Annotated[str, typer.Option(help="First letters of the stores' names; must be new here.")] = "L",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Bring many simulated boxes up at once, then compare what headquarters holds with what they sent.

    Never on a headquarters that keeps real books: the simulated stores stay there.
    """
    from rich.console import Console
    from rich.progress import Progress

    from sync.hq.load.comparison import differences, register
    from sync.hq.load.senders import Senders
    from sync.hq.load.weather import Weather
    from sync.hq.office import Office
    from sync.serving import allow_connections

    allow_connections()
    fleet = [_box(f"{prefix}{number:06d}", seed) for number in range(boxes)]
    office = Office.open(state, database)
    try:
        with office.database.write() as connection:
            register(connection, fleet, office.now_ms())
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("entries", total=boxes * entries)
            senders = Senders(
                url,
                fleet,
                entries,
                connections=connections,
                weather=Weather(bad),
                seed=seed,
                advance=lambda count: progress.advance(task, count),
            )
            outcome = senders.run()
        with office.database.read() as connection:
            found = differences(connection, fleet)
    finally:
        office.close()
    _say(outcome, found, as_json)
    if found or outcome.lost:
        raise Broken("load.differences", boxes=max(len(found), len(outcome.lost)))


def _box(store: str, seed: int) -> "SimulatedBox":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from agent.core.chain import Identity
    from sync.hq.load.boxes import SimulatedBox
    from sync.keys import FileKey

    key = FileKey(Ed25519PrivateKey.generate())
    return SimulatedBox(Identity(store, "B1", 1), key.public_key, key, seed)


def _say(outcome: "Outcome", found: list[str], as_json: bool) -> None:
    rate = outcome.entries / outcome.took_s if outcome.took_s else 0.0
    if as_json:
        figures = {"entries": outcome.entries, "uploads": outcome.uploads, "took_s": round(outcome.took_s, 3)}
        more = {
            "entries_a_second": round(rate),
            "longest_s": round(outcome.longest_s, 3),
            "again": dict(outcome.refused),
        }
        typer.echo(json.dumps({**figures, **more, "lost": outcome.lost, "differences": found}))
        return
    typer.echo(f"{outcome.entries} entries in {outcome.uploads} uploads, {outcome.took_s:.1f} s: {rate:.0f} a second")
    typer.echo(f"longest upload {outcome.longest_s:.2f} s; brought again: {dict(outcome.refused) or 'none'}")
    for line in (*outcome.lost, *found):
        typer.echo(f"differs: {line}")
    typer.echo("headquarters holds exactly what was sent" if not (found or outcome.lost) else "headquarters differs")
