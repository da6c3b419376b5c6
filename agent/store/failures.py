"""What an error of SQLite means for the one who asked: nothing happened, cannot know yet, or the file is damaged."""

from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken, StoreboxError, TryLater

_BUSY, _LOCKED, _NO_MEMORY, _READ_ONLY, _IO, _CORRUPT, _FULL, _CANNOT_OPEN, _NOT_A_DATABASE = (
    5,
    6,
    7,
    8,
    10,
    11,
    13,
    14,
    26,
)
_CODES = {
    _BUSY: "store.busy",
    _LOCKED: "store.busy",
    _NO_MEMORY: "store.no_memory",
    _READ_ONLY: "store.read_only",
    _IO: "store.disk_fault",
    _FULL: "store.disk_full",
    _CANNOT_OPEN: "store.disk_fault",
}
_DAMAGED = {_CORRUPT, _NOT_A_DATABASE}


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error, 0 when there is none."""
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the file is damaged, and not just busy, away or forbidden."""
    return primary_code(error) in _DAMAGED


def explained(error: sqlite3.Error) -> StoreboxError | None:
    """Return what a storage fault means for the one who asked, None when the statement itself was wrong."""
    code = primary_code(error)
    reason = str(getattr(error, "sqlite_errorname", None) or error)[:120]
    if code in _DAMAGED:
        return Broken("store.damaged", reason=reason)
    if code in _CODES:
        return TryLater(_CODES[code], reason=reason)
    return None


def connection_suspect(error: sqlite3.Error) -> bool:
    """Tell whether the connection must not be used any further."""
    code = primary_code(error)
    return code in _DAMAGED or code in (_IO, _CANNOT_OPEN, _READ_ONLY, _NO_MEMORY)


def certainly_not_committed(error: sqlite3.Error) -> bool:
    """Tell whether a failed COMMIT cannot have reached the disk.

    A full disk, a read-only file or a lock stop the commit's last frame from being written; a failed flush does not:
    nobody knows what of it is on disk until the file was written again.
    """
    return primary_code(error) in (_FULL, _READ_ONLY, _BUSY, _LOCKED)
