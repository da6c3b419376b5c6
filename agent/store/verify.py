"""Verification: the chain from its beginning, its seals, what HQ acknowledged, and the views against a rebuild."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Identity
from agent.core.errors import Broken, StoreboxError
from agent.store.chaincheck import ChainCheck, RawRow
from agent.store.connection import open_reader, snapshot
from agent.store.faults import Fault, Report
from agent.store.journal import identity
from agent.store.migrations import meta_value
from agent.store.place import Place
from agent.store.ports import Views
from agent.store.rebuild import PROGRESS_STEP, Progress, count_entries, no_progress
from agent.store.restoring import history_behind
from agent.store.schema import triggers_missing
from agent.store.viewcheck import ViewCheck, tolerant_text

TAIL_MAX = 20_000
"""How many entries the check at start reads when nothing is sealed."""
_PAST = (
    "SELECT epoch, CAST(box AS BLOB), seq, at_ms, CAST(kind AS BLOB), CAST(body AS BLOB), hash"
    " FROM past ORDER BY epoch, seq"
)
_FIRST = "SELECT epoch, seq, at_ms, CAST(kind AS BLOB), CAST(body AS BLOB) FROM past_first ORDER BY epoch, seq"
_JOURNAL = "SELECT seq, at_ms, CAST(kind AS BLOB), CAST(body AS BLOB), hash FROM journal WHERE seq >= ? ORDER BY seq"


def verify(path: Path, views: Views, progress: Progress = no_progress, *, structure: bool = True) -> Report:
    """Verify everything and name the first fault; `structure` also has SQLite check its own pages and indexes.

    It reads one snapshot through a connection of its own, so that trade goes on meanwhile.
    """
    return _on_file(path, lambda connection: _Verification(connection, views, progress).whole(structure))


def verify_tail(path: Path) -> Report:
    """Verify what came since the last seal, and that journal and views end where they should. Quick; for each start."""
    return _on_file(path, lambda connection: _Verification(connection, None, no_progress).tail())


def _on_file(path: Path, check: Any) -> Report:
    try:
        connection = open_reader(path)
    except sqlite3.Error:
        return _report(None, Fault("store.damaged"))
    connection.text_factory = tolerant_text
    try:
        with snapshot(connection):
            report: Report = check(connection)
    except StoreboxError as error:
        return _report(None, Fault(error.code))
    except sqlite3.Error:
        return _report(None, Fault("store.damaged"))
    finally:
        connection.close()
    return report


class _Verification:
    """One run over one snapshot."""

    def __init__(self, connection: Any, views: Views | None, progress: Progress) -> None:
        self._connection = connection
        self._present = identity(connection)
        self._views = ViewCheck(views) if views is not None else None
        self._progress = progress
        self._whole = 0
        self._done = 0
        self._checks: dict[int, ChainCheck] = {}

    def whole(self, structure: bool) -> Report:
        """Check past, journal, seals, receipts, position and views."""
        self._whole = count_entries(self._connection)
        try:
            fault = self._chains() or self._ends() or self._guards() or self._compared()
            if fault is None and structure:
                fault = self._structure()
        finally:
            if self._views is not None:
                self._views.close()
        self._progress(self._done, self._whole)
        return self._reported(fault)

    def tail(self) -> Report:
        """Check from the last seal on."""
        last = self._last_seq()
        sealed = _number(meta_value(self._connection, "last_seal"))
        start = max(min(sealed, last), 1) if sealed else max(1, last - TAIL_MAX + 1)
        head = self._hash_at(self._present.epoch, start - 1) if start > 1 else b""
        check = ChainCheck(self._present, meta_value(self._connection, "public_key"), start=start, head=head or b"")
        self._checks[self._present.epoch] = check
        if head is None:
            return self._reported(Fault("chain.gap", self._present.epoch, start - 1))
        return self._reported(self._chain(check, self._journal(start)) or self._ends())

    # Chains

    def _chains(self) -> Fault | None:
        """Check every epoch, oldest first."""
        behind = history_behind(self._connection)
        views, self._views = self._views, None if behind else self._views
        check: ChainCheck | None = None
        for epoch, box, *row in self._faultless(self._connection.execute(_PAST)):
            if check is None or check.whose.epoch != epoch:
                check = self._checks[epoch] = ChainCheck(Identity(self._present.store, tolerant_text(box), epoch))
            fault = self._take(check, (row[0], row[1], row[2], row[3], row[4]))
            if fault is not None:
                return fault
        self._views = views
        fault = self._first() if behind else None
        if fault is not None:
            return fault
        present = ChainCheck(self._present, meta_value(self._connection, "public_key"))
        self._checks[self._present.epoch] = present
        return self._chain(present, self._journal(1)) or self._linked()

    def _first(self) -> Fault | None:
        """While history is on its way from headquarters the views are of what came first, and of the journal."""
        if self._views is None:
            return None
        for epoch, seq, at_ms, kind, body in self._faultless(self._connection.execute(_FIRST)):
            fault = self._views.take(Place(epoch, seq, at_ms), kind, body)
            if fault is not None:
                return fault
        return None

    def _chain(self, check: ChainCheck, rows: Iterator[RawRow]) -> Fault | None:
        try:
            for row in rows:
                fault = self._take(check, row)
                if fault is not None:
                    return fault
        except sqlite3.DatabaseError:
            return Fault("store.damaged", check.whose.epoch, check.next_seq)
        return None if check.next_seq > 1 else Fault("chain.gap", check.whose.epoch, 1)

    def _take(self, check: ChainCheck, row: RawRow) -> Fault | None:
        if not check.take(row):
            return check.fault
        self._done += 1
        if self._done % PROGRESS_STEP == 0:
            self._progress(self._done, self._whole)
        if self._views is None or check.last is None:
            return None
        return self._views.take(check.last, row[2], row[3])

    def _linked(self) -> Fault | None:
        """Check that each epoch began where the one before it had come, as far as that one is here."""
        for check in self._checks.values():
            previous = check.previous
            if previous is None:
                continue
            seq = _number(previous.get("next_seq")) - 1
            found = self._hash_at(_number(previous.get("epoch")), seq)
            if found is not None and found.hex() != previous.get("head"):
                return Fault("journal.previous_differs", _number(previous.get("epoch")), seq)
        return None

    def _journal(self, start: int) -> Iterator[RawRow]:
        rows: Iterator[RawRow] = self._connection.execute(_JOURNAL, (start,))
        return rows

    # Ends

    def _ends(self) -> Fault | None:
        """Check that the journal reaches every place that something else remembers of it."""
        present, last = self._present.epoch, self._last_seq()
        position = self._connection.execute("SELECT epoch, seq FROM view_position").fetchone() or (present, 0)
        sealed = _number(meta_value(self._connection, "last_seal"))
        if (position[0], position[1]) > (present, last) or sealed > last:
            return Fault("journal.truncated", present, last + 1)
        if sealed != self._checks[present].last_seal_seq:
            return Fault("seal.record_differs", present, sealed or self._checks[present].last_seal_seq)
        fault = self._receipts()
        if fault is None and tuple(position) != (present, last):
            return Fault("views.behind", position[0], position[1] + 1)
        return fault

    def _receipts(self) -> Fault | None:
        """Check the last receipt of each epoch and the one that reaches farthest."""
        rows = self._connection.execute(
            "SELECT epoch, next_seq, head FROM receipt WHERE id IN (SELECT max(id) FROM receipt GROUP BY epoch)"
            " OR (epoch, next_seq) IN (SELECT epoch, max(next_seq) FROM receipt GROUP BY epoch)"
            " ORDER BY epoch, next_seq"
        ).fetchall()
        for epoch, next_seq, head in rows:
            if next_seq <= 1:
                continue
            found = self._hash_at(epoch, next_seq - 1)
            if found is None:
                return Fault("receipt.beyond_journal", epoch, self._last_seq(epoch) + 1)
            if found.hex() != head:
                return Fault("receipt.head_differs", epoch, next_seq - 1)
        return None

    # The rest

    def _guards(self) -> Fault | None:
        missing = triggers_missing(self._connection)
        return Fault("store.guard_missing", table=missing[0].partition("_")[0]) if missing else None

    def _compared(self) -> Fault | None:
        return self._views.compare(self._connection) if self._views is not None else None

    def _structure(self) -> Fault | None:
        found = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        return None if found == "ok" else Fault("store.damaged")

    def _faultless(self, rows: Iterator[Any]) -> Iterator[Any]:
        try:
            yield from rows
        except sqlite3.DatabaseError as error:
            raise Broken("store.damaged") from error

    def _last_seq(self, epoch: int | None = None) -> int:
        if epoch is None or epoch == self._present.epoch:
            row = self._connection.execute("SELECT max(seq) FROM journal").fetchone()
        else:
            row = self._connection.execute("SELECT max(seq) FROM past WHERE epoch = ?", (epoch,)).fetchone()
        return _number(row[0])

    def _hash_at(self, epoch: int, seq: int) -> bytes | None:
        if epoch == self._present.epoch:
            row = self._connection.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
        else:
            row = self._connection.execute("SELECT hash FROM past WHERE epoch = ? AND seq = ?", (epoch, seq)).fetchone()
        return row[0] if row is not None and type(row[0]) is bytes else None

    def _reported(self, fault: Fault | None) -> Report:
        return _report(self._checks, fault, views_checked=self._views is not None)


def _report(checks: dict[int, ChainCheck] | None, fault: Fault | None, *, views_checked: bool = False) -> Report:
    found = list(checks.values()) if checks else []
    last = found[-1] if found else None
    return Report(
        entries=sum(check.entries for check in found),
        seals=sum(check.seals for check in found),
        last=last.last if last else None,
        head=last.head.hex() if last else None,
        unsealed_since=last.unsealed_since if last else None,
        views_checked=views_checked and fault is None,
        fault=fault,
    )


def _number(value: object) -> int:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        return 0
