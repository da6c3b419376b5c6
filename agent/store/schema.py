"""The tables of the journal's file, and the triggers that keep the journal append-only."""

from typing import Any

from agent.core.errors import Broken

FIRST_TABLES: tuple[str, ...] = (
    """CREATE TABLE journal(
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        hash BLOB NOT NULL) STRICT""",
    # Entries of earlier epochs; `late` marks those that came from an old disk after the restore.
    """CREATE TABLE past(
        epoch INTEGER NOT NULL,
        box TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        hash BLOB NOT NULL,
        late INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY(epoch, seq)) STRICT, WITHOUT ROWID""",
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) STRICT, WITHOUT ROWID",
    # What HQ has acknowledged; the newest row of an epoch is its watermark.
    """CREATE TABLE receipt(
        id INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        next_seq INTEGER NOT NULL,
        head TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        received_ms INTEGER NOT NULL,
        body TEXT NOT NULL) STRICT""",
    "CREATE INDEX receipt_epoch ON receipt(epoch)",
    """CREATE TABLE answer(
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        answer TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        seq INTEGER) STRICT, WITHOUT ROWID""",
    # A handful of rows at any time: one tree, no index, so that a change writes one page.
    """CREATE TABLE draft(
        till TEXT NOT NULL,
        sale TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        body TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE spool(
        number INTEGER PRIMARY KEY,
        slip TEXT NOT NULL UNIQUE,
        printer TEXT NOT NULL,
        sale TEXT,
        kind TEXT NOT NULL,
        state TEXT NOT NULL CHECK(state IN
            ('queued', 'sending', 'printed', 'printed_unverified', 'unconfirmed', 'not_printed')),
        document TEXT NOT NULL,
        copy INTEGER NOT NULL,
        process_id TEXT,
        code TEXT,
        queued_ms INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL) STRICT""",
    # Only what somebody still waits for: the index stays one page however many slips were printed.
    """CREATE INDEX spool_open ON spool(state, printer, number)
        WHERE state = 'queued' OR state = 'sending' OR state = 'unconfirmed'""",
    "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE staff(
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        pin_hash TEXT,
        badge_hash TEXT,
        failures INTEGER NOT NULL DEFAULT 0,
        locked_until_ms INTEGER,
        disabled INTEGER NOT NULL DEFAULT 0,
        changed_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE session(
        token_hash TEXT PRIMARY KEY,
        staff TEXT NOT NULL,
        till TEXT,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE api_key(
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        till TEXT,
        created_ms INTEGER NOT NULL,
        revoked INTEGER NOT NULL DEFAULT 0) STRICT""",
    """CREATE TABLE document(
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        signature TEXT,
        effective_ms INTEGER,
        received_ms INTEGER NOT NULL,
        PRIMARY KEY(kind, version)) STRICT""",
    """CREATE TABLE view_position(
        one INTEGER PRIMARY KEY CHECK(one = 1),
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL) STRICT""",
)

_KEEP = "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"

TRIGGERS: dict[str, str] = {
    "journal_no_update": f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal {_KEEP}",
    "journal_no_delete": f"CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal {_KEEP}",
    "journal_no_gap": (
        "CREATE TRIGGER journal_no_gap BEFORE INSERT ON journal"
        f" WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal) {_KEEP}"
    ),
    "past_no_update": f"CREATE TRIGGER past_no_update BEFORE UPDATE ON past {_KEEP}",
    "past_no_delete": f"CREATE TRIGGER past_no_delete BEFORE DELETE ON past {_KEEP}",
    "past_no_replace": (
        "CREATE TRIGGER past_no_replace BEFORE INSERT ON past"
        f" WHEN EXISTS (SELECT 1 FROM past WHERE epoch = NEW.epoch AND seq = NEW.seq) {_KEEP}"
    ),
}
"""The guards by name. `journal_no_gap` also stops a replacing insert of a connection without recursive triggers."""


def assert_triggers(connection: Any) -> None:
    """Make every guard that is absent or altered, then raise `Broken("store.guard_missing")` if one still is."""
    if triggers_missing(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for name in triggers_missing(connection):
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
                connection.execute(TRIGGERS[name])
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    missing = triggers_missing(connection)
    if missing:
        raise Broken("store.guard_missing", guards=", ".join(missing))


def triggers_missing(connection: Any) -> list[str]:
    """Return the names of guards that are absent or say something else."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
    return [name for name, statement in TRIGGERS.items() if found.get(name) != statement]
