"""Sessions of persons in the database: a token is kept as its hash, ends after 12 hours, or 60 minutes unused."""

import secrets
from hashlib import sha256

from sqlalchemy import delete, select, update

from agent.core.errors import Credentials
from sync.hq.database import Database
from sync.hq.people.accounts import is_password, note_guess, password_hash_of, person_named
from sync.hq.people.rights import Person
from sync.hq.people.tables import person_session

LIFE_MS = 12 * 3_600_000
IDLE_MS = 3_600_000
SEEN_EVERY_MS = 60_000


def log_in(database: Database, name: str, password: str, now_ms: int) -> str:
    """Return the token of a new session; raises `Credentials` (`person.wrong_password`, `person.locked`).

    Who does not exist and who typed wrong get the same answer after the same time; hashing holds no transaction.
    """
    with database.read() as connection:
        known = password_hash_of(connection, name, now_ms)
    right = is_password(known, password)
    token = secrets.token_urlsafe(32)
    with database.write() as connection:
        note_guess(connection, name, right, now_ms)
        if right:
            connection.execute(delete(person_session).where(person_session.c.begun_at_ms < now_ms - LIFE_MS))
            values = {"token_sha256": token_hash(token), "name": name, "begun_at_ms": now_ms, "seen_at_ms": now_ms}
            connection.execute(person_session.insert().values(**values))
    if not right:
        raise Credentials("person.wrong_password")
    return token


def logged_in(database: Database, token: str | None, now_ms: int, active: bool = True) -> Person:
    """Return whose session it is; raises `Credentials` (`person.log_in`) when it ended or never was.

    `active` is False for what a page asks by itself: that keeps no session alive.
    """
    if not token:
        raise Credentials("person.log_in")
    mine = person_session.c.token_sha256 == token_hash(token)
    with database.read() as connection:
        row = connection.execute(select(person_session).where(mine)).first()
        found = None if row is None else person_named(connection, row.name)
    if row is None or found is None:
        raise Credentials("person.log_in")
    if now_ms - row.begun_at_ms > LIFE_MS or now_ms - row.seen_at_ms > IDLE_MS:
        raise Credentials("person.log_in")
    if active and now_ms - row.seen_at_ms > SEEN_EVERY_MS:
        with database.write() as connection:
            connection.execute(update(person_session).where(mine).values(seen_at_ms=now_ms))
    return found


def log_out(database: Database, token: str) -> None:
    """End a session; one that is not there has ended."""
    with database.write() as connection:
        connection.execute(delete(person_session).where(person_session.c.token_sha256 == token_hash(token)))


def token_hash(token: str) -> str:
    """Return under which name a token is kept."""
    return sha256(token.encode()).hexdigest()
