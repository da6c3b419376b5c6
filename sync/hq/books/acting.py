"""Who acts on the command line: a person of headquarters, by name and password, with the same limit on guesses."""

from agent.core.errors import Credentials
from sync.hq.database import Database
from sync.hq.people.accounts import is_password, note_guess, password_hash_of, person_named
from sync.hq.people.rights import Person


def proven_person(database: Database, name: str, password: str, now_ms: int) -> Person:
    """Return the person; raises `Credentials` (`person.wrong_password`, `person.locked`).

    Hashing holds no transaction.
    """
    with database.read() as connection:
        known = password_hash_of(connection, name, now_ms)
    right = is_password(known, password)
    with database.write() as connection:
        note_guess(connection, name, right, now_ms)
        person = person_named(connection, name) if right else None
    if person is None:
        raise Credentials("person.wrong_password")
    return person
