"""What the store asks of its views, so that journal and views can be built and tested apart."""

from typing import Any, Protocol

from agent.store.place import Place


class Views(Protocol):
    """Tables computed from the journal; the package `agent.store.views` is one, tests bring smaller ones.

    Every table is a rowid table named `view_*`. A change of `evolve` that gives other rows changes `SCHEMA` too, if
    only by a comment in it: a store whose views were made under another `SCHEMA` rebuilds them at start.
    """

    @property
    def SCHEMA(self) -> tuple[str, ...]:  # noqa: N802
        """Return the statements that create the tables and their indexes."""

    @property
    def TABLES(self) -> tuple[str, ...]:  # noqa: N802
        """Return the names of the tables."""

    def evolve(self, connection: Any, place: Place, kind: str, body: dict[str, Any], /) -> None:
        """Apply one entry to the tables; a kind that no view cares for changes nothing."""
