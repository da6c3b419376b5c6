"""Persons and their passwords: made with a password for the first time, guesses limited, hashes with a memory cost."""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from agent.core.errors import Credentials, Refused
from sync.hq import registry
from sync.hq.people.rights import Person, Role
from sync.hq.people.tables import person, person_session

PASSWORD_LENGTHS = range(10, 129)
NAME_CHARACTERS_MAX = 40
GUESSES_FREE = 5
WAIT_FIRST_MS = 30_000
WAIT_MAX_MS = 3_600_000


def _hasher() -> Any:
    """Return argon2id with the second recommended option of RFC 9106, a quarter of its memory."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=16_384, parallelism=1)


def add_person(connection: Connection, name: str, role: str, stores: Sequence[str] | None, now_ms: int) -> str:
    """Add a person and return the password for the first time, which must be changed at the first login.

    Refuses with `person.bad_name`, `person.exists`, `person.bad_role` or `store.unknown`.
    """
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise Refused("person.bad_name")
    if role not in list(Role):
        raise Refused("person.bad_role", role=role[:40], known=", ".join(Role))
    if connection.execute(select(person.c.name).where(person.c.name == name)).first():
        raise Refused("person.exists", name=name)
    for one in stores or ():
        if not registry.has_store(connection, one):
            raise Refused("store.unknown", store=one[:10])
    password = secrets.token_urlsafe(12)
    connection.execute(
        person.insert().values(
            name=name,
            role=role,
            stores=None if stores is None else ",".join(sorted(stores)),
            password_hash=_hasher().hash(password),
            must_change=True,
            failures=0,
            locked_until_ms=0,
            created_at_ms=now_ms,
        )
    )
    return password


def reset_password(connection: Connection, name: str) -> str:
    """Return a new password for the first time; sessions end. Refuses with `person.unknown`."""
    password = secrets.token_urlsafe(12)
    values = {"password_hash": _hasher().hash(password), "must_change": True, "failures": 0, "locked_until_ms": 0}
    if not connection.execute(update(person).where(person.c.name == name).values(**values)).rowcount:
        raise Refused("person.unknown", name=name[:NAME_CHARACTERS_MAX])
    connection.execute(delete(person_session).where(person_session.c.name == name))
    return password


def disable_person(connection: Connection, name: str, now_ms: int) -> None:
    """Take a person's right to log in and end the sessions; refuses with `person.unknown`."""
    if not connection.execute(update(person).where(person.c.name == name).values(disabled_at_ms=now_ms)).rowcount:
        raise Refused("person.unknown", name=name[:NAME_CHARACTERS_MAX])
    connection.execute(delete(person_session).where(person_session.c.name == name))


def change_password(connection: Connection, name: str, password: str, keep_session: str | None = None) -> None:
    """Set a person's own password; other sessions end. Refuses with `person.bad_password` (10 to 128 characters)."""
    if len(password) not in PASSWORD_LENGTHS or password.strip() == name:
        raise Refused("person.bad_password", shortest=PASSWORD_LENGTHS[0], longest=PASSWORD_LENGTHS[-1])
    values = {"password_hash": _hasher().hash(password), "must_change": False}
    connection.execute(update(person).where(person.c.name == name).values(**values))
    others = person_session.c.name == name
    if keep_session is not None:
        others &= person_session.c.token_sha256 != keep_session
    connection.execute(delete(person_session).where(others))


def password_hash_of(connection: Connection, name: str, now_ms: int) -> str | None:
    """Return the hash to compare a password with, None for who may not log in; raises `Credentials` while locked."""
    row = connection.execute(select(person).where(person.c.name == name)).first()
    if row is None or row.disabled_at_ms is not None:
        return None
    if now_ms < row.locked_until_ms:
        raise Credentials("person.locked", wait_s=-(-(row.locked_until_ms - now_ms) // 1000))
    return str(row.password_hash)


def is_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; as slow for nobody as for somebody. No transaction should be open."""
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = _hasher()
    if password_hash is None:
        hasher.hash(password[:128])
        return False
    try:
        return bool(hasher.verify(password_hash, password[:128]))
    except (VerificationError, InvalidHashError):
        return False


def note_guess(connection: Connection, name: str, right: bool, now_ms: int) -> None:
    """Count a guess: five are free, then each wrong one doubles the wait from 30 s to an hour."""
    row = connection.execute(select(person.c.failures).where(person.c.name == name).with_for_update()).first()
    if row is None:
        return
    failures = 0 if right else row.failures + 1
    wait_ms = min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** max(0, min(failures - GUESSES_FREE, 20)))
    locked_until_ms = now_ms + wait_ms if failures >= GUESSES_FREE else 0
    values = {"failures": failures, "locked_until_ms": locked_until_ms}
    connection.execute(update(person).where(person.c.name == name).values(**values))


def person_named(connection: Connection, name: str) -> Person | None:
    """Return a person who may log in."""
    row = connection.execute(select(person).where(person.c.name == name)).first()
    if row is None or row.disabled_at_ms is not None:
        return None
    stores = None if row.stores is None else frozenset(filter(None, row.stores.split(",")))
    return Person(row.name, Role(row.role), stores, row.must_change)


def people(connection: Connection) -> list[dict[str, object]]:
    """Return every person with role and scope, in order of name; no secrets."""
    rows = connection.execute(select(person).order_by(person.c.name))
    return [
        {
            "name": row.name,
            "role": row.role,
            "stores": None if row.stores is None else row.stores.split(","),
            "disabled": row.disabled_at_ms is not None,
        }
        for row in rows
    ]
