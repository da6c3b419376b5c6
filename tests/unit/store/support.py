"""A small world for the store's tests: a clock under control, a key, and views of two tables."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.core.chain import Identity
from agent.store.journal import enrol
from agent.store.place import Place
from agent.store.unit import Unit
from agent.store.writer import Writer

START_MS = 1_790_000_000_000
WHOSE = Identity("S001", "B1", 2)


@dataclass
class FakeClock:
    """Wall and monotonic time that stand still until told."""

    wall_ms: int = START_MS
    seconds: float = 100.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        return self.seconds

    def pass_ms(self, elapsed_ms: int) -> None:
        self.wall_ms += elapsed_ms
        self.seconds += elapsed_ms / 1_000


@dataclass
class KeySigner:
    """A device key in memory, always the same."""

    seed: bytes = b"k" * 32
    _key: Ed25519PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


class SmallViews:
    """Sums by name and a list of notes: enough to see what a view sees."""

    SCHEMA = (
        "CREATE TABLE view_sum(name TEXT PRIMARY KEY, entries INTEGER NOT NULL, amount_fen INTEGER NOT NULL) STRICT",
        "CREATE TABLE view_note(seq INTEGER NOT NULL, note TEXT, raw) ",
    )
    TABLES = ("view_sum", "view_note")

    def evolve(self, connection: Any, place: Place, kind: str, body: dict[str, Any], /) -> None:
        if kind == "test.summed":
            connection.execute(
                "INSERT INTO view_sum VALUES(?, 1, ?) ON CONFLICT(name) DO UPDATE SET entries = entries + 1,"
                " amount_fen = amount_fen + excluded.amount_fen",
                (body["name"], body["amount_fen"]),
            )
        elif kind == "test.noted":
            connection.execute("INSERT INTO view_note VALUES(?, ?, ?)", (place.seq, body["note"], place.at_ms))


VIEWS = SmallViews()


def enrolled(folder: Path, *, key: KeySigner | None = None, whose: Identity = WHOSE) -> Path:
    """Return the path of a new journal with its first entry."""
    path = folder / "journal.db"
    enrol(path, whose, views=VIEWS, at_ms=START_MS, public_key=key.public_key if key else None)
    return path


def writer_on(path: Path, clock: FakeClock | None = None, **options: Any) -> Writer:
    """Return a writer with a small world around it."""
    return Writer(path, views=VIEWS, clock=clock or FakeClock(), **options)


def summed(name: str, amount_fen: int) -> Any:
    """Return a command that adds to a sum and returns its entry's number."""

    def command(unit: Unit) -> int:
        return unit.append("test.summed", {"name": name, "amount_fen": amount_fen})

    return command


def noted(note: str) -> Any:
    """Return a command that notes a text and returns its entry's number."""

    def command(unit: Unit) -> int:
        return unit.append("test.noted", {"note": note})

    return command
