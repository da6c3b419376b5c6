"""`storebox-hq release`: bundles in, rings, who has what, pauses, permits to go back."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from agent.core.errors import Refused
from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened, show

release_app = typer.Typer(help="Releases of the boxes: rings, pauses, permits.", no_args_is_help=True)
Sequence = Annotated[int, typer.Argument(min=0, help="The number of the release.")]
_RINGS = "0 test, 1 few, 2 all"


@release_app.command("add")
def add(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Take a signed bundle in; it goes to the stores of the test ring."""
    from sync.hq.releases import book
    from sync.hq.releases.shelf import Shelf

    with opened(state, database) as office:
        manifest, digest, size = Shelf(state).take(bundle)
        with office.database.write() as connection:
            fresh = book.add(connection, manifest, digest, size, getpass.getuser(), office.now_ms())
    word = "added, ring 0" if fresh else "is here already"
    typer.echo(f"{manifest.version} (number {manifest.sequence}, {manifest.arch}) {word}: {digest}")


@release_app.command("ring")
def ring(
    number: Annotated[int, typer.Argument(help=_RINGS)],
    release: Annotated[int | None, typer.Option(min=1, help="Let this release out as far as the ring.")] = None,
    store: Annotated[list[str] | None, typer.Option(help="Put stores into the ring.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Let a release out to a ring and all before it, or put stores into a ring."""
    from sync.hq.releases import book

    if number not in tuple(book.Ring):
        raise Refused("release.no_such_ring", ring=number)
    if (release is None) == (not store):
        raise typer.BadParameter("give --release NUMBER, or --store STORE")
    with opened(state, database) as office, office.database.write() as connection:
        if release is not None:
            book.let_out(connection, release, book.Ring(number))
        for one in store or ():
            book.put_in_ring(connection, one, book.Ring(number))
    what = f"release {release} is let out to" if release is not None else f"{len(store or ())} stores are in"
    typer.echo(f"{what} ring {number}")


@release_app.command("list")
def list_releases(
    stores: Annotated[bool, typer.Option("--stores", help="What each store has.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List releases and how many stores have them, or what each store has."""
    from sync.hq.releases import book

    with opened(state, database) as office, office.database.read() as connection:
        rows = book.who_has_what(connection) if stores else book.releases(connection)
    columns = (
        ("store", "box", "version", "sequence", "ring", "turned_away", "permit")
        if stores
        else ("sequence", "version", "arch", "ring", "stores", "turned_away", "paused_reason")
    )
    show(rows, "stores" if stores else "releases", as_json, columns)


@release_app.command("pause")
def pause(
    release: Sequence,
    reason: Annotated[str, typer.Option(help="Why.")] = "by hand",
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Offer a release to nobody any more, until a ring is set again. Boxes that have it keep it."""
    from sync.hq.releases import book

    with opened(state, database) as office, office.database.write() as connection:
        book.pause(connection, release, reason, office.now_ms())
    typer.echo(f"release {release} is paused")


@release_app.command("permit")
def permit(
    store: str,
    release: Annotated[int | None, typer.Argument(min=1, help="The release to go back to.")] = None,
    end: Annotated[bool, typer.Option("--end", help="The store gets again what its ring gets.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Let a store go back to an older release. It stays there until something newer than all of now is let out."""
    from sync.hq.releases import book

    if end == (release is not None):
        raise typer.BadParameter("give the release, or --end")
    with opened(state, database) as office, office.database.write() as connection:
        if release is None:
            book.end_permit(connection, store)
            typer.echo(f"{store} has no permit any more")
            return
        below = book.permit(connection, store, release, getpass.getuser(), office.now_ms())
    typer.echo(f"{store} may go back to {release}; nothing up to {below} is offered to it")
