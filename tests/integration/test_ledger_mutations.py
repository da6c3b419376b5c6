"""Whatever is changed in a journal's file behind its back is found, and the first bad place is named.

A real journal (a replay, then refunds) is copied and changed as somebody with the file in his hands would do it: guards
dropped first, put back afterwards. Changes come from a seed.
"""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Identity, genesis, next_hash
from agent.core.events import PassAccepted
from agent.core.events_matching import BillMatched, DifferenceFound, DifferenceSettled
from agent.daemon.box import Box, Outside
from agent.services import days, refunds, shifts
from agent.services.journaling import record
from agent.services.shop import Actor, Shop
from agent.services.trade import trading
from agent.settings import Settings
from agent.store import views
from agent.store.faults import Fault
from agent.store.rebuild import rebuild, view_tables
from agent.store.schema import TRIGGERS
from agent.store.unit import Unit
from agent.store.verify import verify
from tests.integration.running import storebox
from tests.shops import CountingEntropy, FakeClock, FakePlatform
from tests.surroundings import OWN as OWN_BASKETS
from tests.surroundings import Around, around, baskets_of, new_replay

__all__ = ["around"]
SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261003"))
MANAGER = Actor("01", "Replay", "store_manager", "1")
AFTER_MS = 1_793_200_000_000


@dataclass
class Ledger:
    """A whole journal, and a copy of it to spoil."""

    whole: Path
    copy: Path
    last: int
    columns: tuple[tuple[str, str], ...]
    """Every table and column of the views."""

    def fresh(self) -> Any:
        """Copy the journal anew and return a connection to the copy with its guards dropped."""
        shutil.copyfile(self.whole, self.copy)
        connection = sqlite3.connect(str(self.copy), isolation_level=None)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=OFF")
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        return connection

    def found(self, connection: Any) -> Fault | None:
        """Put the guards back, close, and verify."""
        for statement in TRIGGERS.values():
            connection.execute(statement)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        return verify(self.copy, views).fault


@pytest.fixture(scope="module")
def ledger(around: Around, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("ledger")
    replay = new_replay(around, folder, baskets_of(OWN_BASKETS))
    replay.finish()
    give_back(replay.state)
    assert verify(replay.journal, views).fault is None
    whole, copy = folder / "whole.db", folder / "copy.db"
    source = sqlite3.connect(str(replay.journal))
    source.execute("VACUUM INTO ?", (str(whole),))
    source.close()
    connection = sqlite3.connect(str(whole))
    columns = tuple(
        (table, str(row[1]))
        for table in view_tables(connection)
        for row in connection.execute(f"PRAGMA table_info({table})")
    )
    last = connection.execute("SELECT max(seq) FROM journal").fetchone()[0]
    empty = [table for table, _ in columns if not connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]]
    connection.close()
    assert not empty
    assert verify(whole, views).fault is None
    return Ledger(whole, copy, last, columns)


def give_back(state: Path) -> None:
    """Refund sales paid in cash and by wallet, take a pass, match a bill, so that no view is empty."""
    clock = FakeClock(AFTER_MS)
    platform = FakePlatform("wechat", clock=clock)
    outside = Outside(clock, CountingEntropy(), lambda kind, data: None, {"wechat": platform})
    box = Box(Settings(state=state), outside)
    shop = box.shop
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, MANAGER, 0)
    rows = shop.read().execute(
        "SELECT sale, EXISTS(SELECT 1 FROM view_attempt a WHERE a.sale = s.sale AND a.used) FROM view_sale s"
        " WHERE total_fen > 0 ORDER BY seq"
    )
    by_wallet: dict[int, str] = {}
    for sale, wallet in rows.fetchall():
        by_wallet.setdefault(wallet, sale)
    for sale in by_wallet.values():
        refunds.refund_sale(shop, MANAGER, sale, {1: 1}, "坏的")
    box.resolver.step()
    shifts.move_drawer(shop, MANAGER, "paid_in", 100, "零钱")
    accept_a_pass(shop, by_wallet[1])
    match_a_bill(shop)
    assert len(by_wallet) == 2
    assert shop.read().execute("SELECT count(*) FROM view_platform_refund WHERE state = 'done'").fetchone()[0] == 1
    box.writer.close()
    box.readers.close()


def accept_a_pass(shop: Shop, sale: str) -> None:
    """Journal that a pay-proof was taken."""

    def command(unit: Unit) -> None:
        proof = {"kind": "P1", "subject": "S001_1_000001_A1QQQQ", "sale": sale, "amount_fen": 100, "platform": "wechat"}
        where = {"issued_at_ms": AFTER_MS, "transaction": "4200001", "scanned_at": "1", "scanned_by": MANAGER.staff}
        record(unit, PassAccepted(**trading(unit.connection, MANAGER).fields(), **proof, **where))

    shop.writer.run(command)


def match_a_bill(shop: Shop) -> None:
    """Journal that a bill was matched; a difference of it was settled, another stands."""
    account = {"platform": "wechat", "merchant": "M1", "bill_day": "2026-10-20"}
    line: dict[str, Any] = {
        **account,
        "line_kind": "payment",
        "line_class": "platform_only",
        "code": "match.platform_only",
        "settlement": "refund",
        "owner": "accountant",
        "out_trade_no": "S001_1_000001_A1QQQQ",
        "transaction": "4200001",
        **dict.fromkeys(("out_refund_no", "store", "business_day", "till")),
        **dict.fromkeys(("journal_fen", "bill_fen", "fee_fen"), 1),
        "values": {},
    }
    found = [DifferenceFound(**line, difference=number) for number in ("D1", "D2")]
    settled = DifferenceSettled(difference="D1", settlement="facts", by="", reason="", approved_by=None)
    matched = BillMatched(**account, sha256="0" * 64, state="ready", classes={}, alarms=())

    def command(unit: Unit) -> None:
        for event in (*found, settled, matched):
            record(unit, event)

    shop.writer.run(command)


# What is done to the file. Each returns the place that must be named: a number of an entry, or a table.

Place = int | str
Change = Callable[[Ledger, Any, random.Random], Place]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with one of them changed."""
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1 :]


def _changed_text(column: str) -> Change:
    def change(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
        seq = chance.randrange(1, ledger.last + 1)
        (data,) = connection.execute(f"SELECT CAST({column} AS BLOB) FROM journal WHERE seq = ?", (seq,)).fetchone()
        new = flipped(data, chance)
        connection.execute(f"UPDATE journal SET {column} = CAST(? AS TEXT) WHERE seq = ?", (new, seq))
        return seq

    change.__name__ = f"{column}_changed"
    return change


def hash_changed(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Change a byte of a hash."""
    seq = chance.randrange(1, ledger.last + 1)
    (data,) = connection.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
    connection.execute("UPDATE journal SET hash = ? WHERE seq = ?", (flipped(data, chance), seq))
    return seq


def hash_cut(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Shorten a hash."""
    seq = chance.randrange(1, ledger.last + 1)
    connection.execute("UPDATE journal SET hash = substr(hash, 1, ?) WHERE seq = ?", (chance.randrange(32), seq))
    return seq


def time_changed(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Move an entry in time."""
    seq = chance.randrange(1, ledger.last + 1)
    step_ms = chance.choice((-1, 1)) * chance.randrange(1, 10 ** chance.randrange(1, 12))
    connection.execute("UPDATE journal SET at_ms = at_ms + ? WHERE seq = ?", (step_ms, seq))
    return seq


def end_cut(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Delete the last entries."""
    left = ledger.last - chance.randrange(1, ledger.last)
    connection.execute("DELETE FROM journal WHERE seq > ?", (left,))
    return left + 1


def end_cut_with_care(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Delete entries that headquarters has, and everything here that remembers them."""
    acknowledged = connection.execute("SELECT max(next_seq) FROM receipt").fetchone()[0] - 1
    left = chance.randrange(1, acknowledged)
    sealed = connection.execute("SELECT max(seq) FROM journal WHERE kind = 'seal' AND seq <= ?", (left,)).fetchone()[0]
    connection.execute("DELETE FROM journal WHERE seq > ?", (left,))
    connection.execute("UPDATE view_position SET seq = ?", (left,))
    if sealed is None:
        connection.execute("DELETE FROM meta WHERE key = 'last_seal'")
    else:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'last_seal'", (str(sealed),))
    return left + 1


def one_cut_out(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Delete one entry in the middle."""
    seq = chance.randrange(1, ledger.last)
    connection.execute("DELETE FROM journal WHERE seq = ?", (seq,))
    return seq


def two_swapped(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Swap the numbers of two entries."""
    first, second = sorted(chance.sample(range(1, ledger.last + 1), 2))
    for before, after in ((first, -1), (second, first), (-1, second)):
        connection.execute("UPDATE journal SET seq = ? WHERE seq = ?", (after, before))
    return first


def two_bodies_swapped(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Swap what two entries say."""
    while True:
        first, second = sorted(chance.sample(range(1, ledger.last + 1), 2))
        rows = connection.execute("SELECT body FROM journal WHERE seq IN (?, ?) ORDER BY seq", (first, second))
        (one,), (two,) = rows.fetchall()
        if one != two:
            break
    connection.execute("UPDATE journal SET body = ? WHERE seq = ?", (two, first))
    connection.execute("UPDATE journal SET body = ? WHERE seq = ?", (one, second))
    return first


def several_changed(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Change several entries in one way or another; the first of them is named."""
    kinds = (hash_changed, time_changed, *CHANGES[:4])
    places = [chance.choice(kinds)(ledger, connection, chance) for _ in range(chance.randrange(2, 6))]
    return min(place for place in places if isinstance(place, int))


def one_put_in(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Append an entry whose hash is right: the views do not know it."""
    head = connection.execute("SELECT hash FROM journal WHERE seq = ?", (ledger.last,)).fetchone()[0]
    seq, body = ledger.last + 1, '{"day":"2026-12-01","staff":"01","till":"1"}'
    row = (seq, AFTER_MS, "day.opened", body, next_hash(head, seq, AFTER_MS, "day.opened", body))
    connection.execute("INSERT INTO journal(seq, at_ms, kind, body, hash) VALUES(?, ?, ?, ?, ?)", row)
    return seq


def chain_made_anew(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
    """Change an amount and compute every hash after it anew: the next seal, or headquarters' receipt, says no."""
    rows = connection.execute("SELECT seq, at_ms, kind, body FROM journal ORDER BY seq").fetchall()
    acknowledged = connection.execute("SELECT max(next_seq) FROM receipt").fetchone()[0] - 1
    money = [seq for seq, _, kind, body in rows if kind == "sale.completed" and seq < acknowledged]
    seq_changed = chance.choice(money)
    values = dict(connection.execute("SELECT key, value FROM meta"))
    head = genesis(Identity(values["store"], values["box"], int(values["epoch"])))
    for seq, at_ms, kind, old in rows:
        body = old.replace('"total_fen":', '"total_fen":1', 1) if seq == seq_changed else old
        head = next_hash(head, seq, at_ms, kind, body)
        connection.execute("UPDATE journal SET body = ?, hash = ? WHERE seq = ?", (body, head, seq))
    return min(seq for seq, _, kind, _ in rows if kind == "seal" and seq > seq_changed)


CHANGES: tuple[Change, ...] = (
    _changed_text("body"),
    _changed_text("body"),
    _changed_text("body"),
    _changed_text("kind"),
    hash_changed,
    hash_cut,
    time_changed,
    end_cut,
    end_cut_with_care,
    one_cut_out,
    two_swapped,
    two_bodies_swapped,
    several_changed,
    one_put_in,
    chain_made_anew,
)


def other_value(value: Any, chance: random.Random) -> Any:
    """Return another value of the same type, or of any for none."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value + chance.choice((-1, 1, 1_000_003))
    return flipped(str(value).encode() or b"?", chance).decode("latin-1") + chance.choice(("", "'", "x"))


def cell_changed(table: str, column: str) -> Change:
    """Change one cell of a view."""

    def change(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
        rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
        for _ in range(50):
            rowid, value = chance.choice(rows)
            try:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other_value(value, chance), rowid)
                )
            except sqlite3.IntegrityError:  # another value is needed: unique, or not a number
                continue
            return table
        raise AssertionError(f"no cell of {table}.{column} can be changed")

    return change


def row_deleted(table: str) -> Change:
    """Delete one row of a view."""

    def change(ledger: Ledger, connection: Any, chance: random.Random) -> Place:
        rowids = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (chance.choice(rowids),))
        return table

    return change


def expect(ledger: Ledger, change: Change, seed: str) -> None:
    """Do one change to a fresh copy and look whether it is found and named."""
    connection = ledger.fresh()
    place = change(ledger, connection, random.Random(seed))
    fault = ledger.found(connection)
    what = f"{getattr(change, '__name__', '')} from seed {seed!r} at {place}: {fault}"
    assert fault is not None, what
    assert place == (fault.seq if isinstance(place, int) else fault.table), what


def seeds(count: int) -> Iterator[str]:
    """Yield so many seeds of this run."""
    return (f"{SEED}-{number}" for number in range(count))


def test_an_unchanged_copy_is_whole(ledger: Ledger) -> None:
    assert ledger.found(ledger.fresh()) is None


@pytest.mark.parametrize("change", CHANGES[2:], ids=lambda change: change.__name__)
def test_changed_entries_are_named(ledger: Ledger, change: Change) -> None:
    for seed in seeds(25):
        expect(ledger, change, seed)


def test_every_cell_of_every_view_is_checked(ledger: Ledger) -> None:
    assert len({table for table, _ in ledger.columns}) == 14
    for table, column in ledger.columns:
        expect(ledger, cell_changed(table, column), f"{SEED}-{table}-{column}")
    for table in dict(ledger.columns):
        expect(ledger, row_deleted(table), f"{SEED}-{table}")


@pytest.mark.torture
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_entries_are_named_always(ledger: Ledger, change: Change) -> None:
    for seed in seeds(250):
        expect(ledger, change, seed)


@pytest.mark.torture
def test_every_cell_of_every_view_is_checked_often(ledger: Ledger) -> None:
    for seed in seeds(20):
        for table, column in ledger.columns:
            expect(ledger, cell_changed(table, column), f"{seed}-{table}-{column}")


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every view, in order."""
    connection = sqlite3.connect(str(path))
    found = {table: connection.execute(f"SELECT rowid, * FROM {table}").fetchall() for table in view_tables(connection)}
    connection.close()
    return found


def test_a_rebuild_gives_every_view_again(ledger: Ledger) -> None:
    whole = contents(ledger.whole)
    connection = ledger.fresh()
    for table in dict(ledger.columns):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM view_position")
    assert ledger.found(connection) is not None
    assert rebuild(ledger.copy, views) == ledger.last
    assert verify(ledger.copy, views).fault is None
    assert contents(ledger.copy) == whole


@pytest.mark.parametrize("change", [CHANGES[0], end_cut, two_swapped], ids=lambda change: change.__name__)
def test_the_command_names_the_first_bad_entry(ledger: Ledger, tmp_path: Path, change: Change) -> None:
    connection = ledger.fresh()
    place = change(ledger, connection, random.Random(f"{SEED}"))
    assert ledger.found(connection) is not None
    shutil.copyfile(ledger.copy, tmp_path / "journal.db")
    said = storebox("ledger", "verify", "--state", str(tmp_path), "--json")
    assert said.returncode == 1
    document = json.loads(said.stdout)
    assert document["holds"] is False
    assert document["fault"]["seq"] == place


def test_the_command_rebuilds_every_view(ledger: Ledger, tmp_path: Path) -> None:
    connection = ledger.fresh()
    connection.execute("UPDATE view_sale SET total_fen = total_fen + 1")
    assert ledger.found(connection) is not None
    path = tmp_path / "journal.db"
    shutil.copyfile(ledger.copy, path)
    assert storebox("ledger", "rebuild", "--state", str(tmp_path)).returncode == 0
    assert storebox("ledger", "verify", "--state", str(tmp_path)).returncode == 0
    assert contents(path) == contents(ledger.whole)
