"""Headquarters of the demo: `storebox-hq serve` with a store, and with people who may log in at its pages."""

import sys
from pathlib import Path

from agent.demo.folder import OFFICE_PASSWORD, OFFICE_PEOPLE
from sync.hq import cli, registry
from sync.hq.books.notes import write_note
from sync.hq.commissioning.tokens import live_epoch
from sync.hq.office import Office
from sync.hq.pages.entrance import OFFICE_BOOK
from sync.hq.people.accounts import add_person, change_password, people
from sync.hq.registry import TokenMode

ACTOR = "job:demo"


def serve_new() -> None:
    """Add a store, print an enrolment token for it, and become `storebox-hq` with the rest of the arguments."""
    store, name, *program = sys.argv
    office = Office.open(_state_of(program))
    try:
        with office.database.write() as connection:
            if not registry.has_store(connection, store):
                registry.add_store(connection, store, name, office.now_ms())
            mode = TokenMode.NEW if live_epoch(connection, store) is None else TokenMode.REPLACE
            token = registry.make_enrolment_token(connection, store, office.now_ms(), mode=mode, made_by=ACTOR)
        add_people(office)
    finally:
        office.close()
    sys.stdout.write(f'{{"token": "{token}"}}\n')
    sys.stdout.flush()
    sys.argv = program
    cli.main()


def serve_again() -> None:
    """Become `storebox-hq` with the arguments, for a headquarters that has its store."""
    office = Office.open(_state_of(sys.argv))
    try:
        add_people(office)
    finally:
        office.close()
    cli.main()


def add_people(office: Office) -> None:
    """Add the demo's people unless they are there, with a password that need not be changed: it is no secret."""
    with office.database.write() as connection:
        known = {one["name"] for one in people(connection)}
        for name, role, _ in OFFICE_PEOPLE:
            if name not in known:
                add_person(connection, name, role, None, office.now_ms())
                change_password(connection, name, OFFICE_PASSWORD)
                write_note(connection, OFFICE_BOOK, office.now_ms(), ACTOR, "account.added", name, {"role": role})


def _state_of(program: list[str]) -> Path:
    return Path(program[program.index("--state") + 1])
