"""Persons of headquarters: first password, guesses, sessions that end, and the second person."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import Credentials, Refused
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.people.accounts import add_person, change_password, disable_person, people, reset_password
from sync.hq.people.rights import RIGHTS, Act, Person, Role, require, require_second
from sync.hq.people.sessions import IDLE_MS, LIFE_MS, log_in, log_out, logged_in, token_hash

NOW_MS = 1_795_000_000_000
PASSWORD = "correct horse"


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    opened = Database.open(tmp_path, database_url)
    yield opened
    opened.close()


def added(database: Database, name: str = "李会计", role: str = "accountant", stores: list[str] | None = None) -> str:
    with database.write() as connection:
        return add_person(connection, name, role, stores, NOW_MS)


def ready(database: Database, name: str = "李会计") -> str:
    """Add a person who has changed the first password; returns the name."""
    added(database, name)
    with database.write() as connection:
        change_password(connection, name, PASSWORD)
    return name


def test_the_first_password_must_be_changed_before_anything_else(database: Database) -> None:
    first = added(database)
    person = logged_in(database, log_in(database, "李会计", first, NOW_MS), NOW_MS)
    with pytest.raises(Credentials, match=r"person\.change_password"):
        require(person, Act.READ)
    with database.write() as connection:
        change_password(connection, "李会计", PASSWORD)
    person = logged_in(database, log_in(database, "李会计", PASSWORD, NOW_MS), NOW_MS)
    require(person, Act.SETTLE)


def test_nobody_and_wrong_get_the_same_answer(database: Database) -> None:
    ready(database)
    for name, password in (("李会计", "wrong"), ("nobody", PASSWORD), ("李会计", "")):
        with pytest.raises(Credentials, match=r"person\.wrong_password"):
            log_in(database, name, password, NOW_MS)


def test_guesses_are_limited_and_a_right_one_ends_the_count(database: Database) -> None:
    ready(database)
    for _ in range(5):
        with pytest.raises(Credentials, match=r"person\.wrong_password"):
            log_in(database, "李会计", "wrong", NOW_MS)
    with pytest.raises(Credentials, match=r"person\.locked \(wait_s=30\)"):
        log_in(database, "李会计", PASSWORD, NOW_MS)
    assert log_in(database, "李会计", PASSWORD, NOW_MS + 30_000)
    with pytest.raises(Credentials, match=r"person\.wrong_password"):
        log_in(database, "李会计", "wrong", NOW_MS + 30_000)
    assert log_in(database, "李会计", PASSWORD, NOW_MS + 30_000)


@pytest.mark.parametrize("later_ms", [IDLE_MS + 1, LIFE_MS + 1])
def test_a_session_ends_by_itself(database: Database, later_ms: int) -> None:
    ready(database)
    token = log_in(database, "李会计", PASSWORD, NOW_MS)
    assert logged_in(database, token, NOW_MS + IDLE_MS).name == "李会计"
    with pytest.raises(Credentials, match=r"person\.log_in"):
        logged_in(database, token, NOW_MS + IDLE_MS + later_ms)


def test_a_session_in_use_does_not_live_for_ever(database: Database) -> None:
    ready(database)
    token = log_in(database, "李会计", PASSWORD, NOW_MS)
    for hours in range(1, 25):
        at_ms = NOW_MS + hours * IDLE_MS // 2
        if at_ms - NOW_MS <= LIFE_MS:
            logged_in(database, token, at_ms)
    with pytest.raises(Credentials, match=r"person\.log_in"):
        logged_in(database, token, NOW_MS + LIFE_MS + 1)


def test_logging_out_disabling_and_resetting_end_sessions(database: Database) -> None:
    ready(database)
    token = log_in(database, "李会计", PASSWORD, NOW_MS)
    log_out(database, token)
    second = log_in(database, "李会计", PASSWORD, NOW_MS)
    with database.write() as connection:
        reset_password(connection, "李会计")
    third_password = added(database, "王主管", "lead_accountant")
    third = log_in(database, "王主管", third_password, NOW_MS)
    with database.write() as connection:
        disable_person(connection, "王主管", NOW_MS)
    for ended in (token, second, third, None, "", "x" * 500):
        with pytest.raises(Credentials, match=r"person\.log_in"):
            logged_in(database, ended, NOW_MS)
    with pytest.raises(Credentials, match=r"person\.wrong_password"):
        log_in(database, "王主管", third_password, NOW_MS)


def test_a_new_password_keeps_the_session_that_set_it(database: Database) -> None:
    ready(database)
    kept, other = (log_in(database, "李会计", PASSWORD, NOW_MS) for _ in range(2))
    with database.write() as connection:
        change_password(connection, "李会计", "another long one", token_hash(kept))
    assert logged_in(database, kept, NOW_MS).name == "李会计"
    with pytest.raises(Credentials):
        logged_in(database, other, NOW_MS)


@pytest.mark.parametrize(
    ("name", "password"), [("李", ""), ("李", "short"), ("李", "x" * 129), ("li.kuaiji.1", "li.kuaiji.1")]
)
def test_bad_passwords(database: Database, name: str, password: str) -> None:
    added(database, name)
    with pytest.raises(Refused, match=r"person\.bad_password"), database.write() as connection:
        change_password(connection, name, password)


def test_bad_names_roles_and_stores(database: Database) -> None:
    for name, role, stores, code in (
        ("", "accountant", None, "person.bad_name"),
        ("a\nb", "accountant", None, "person.bad_name"),
        ("x" * 41, "accountant", None, "person.bad_name"),
        ("李", "boss", None, "person.bad_role"),
        ("李", "accountant", ["S009"], "store.unknown"),
    ):
        with pytest.raises(Refused, match=code.replace(".", r"\.")):
            added(database, name, role, stores)
    added(database)
    with pytest.raises(Refused, match=r"person\.exists"):
        added(database)


def test_scope_is_kept_and_nothing_secret_is_listed(database: Database) -> None:
    with database.write() as connection:
        registry.add_store(connection, "S001", "", NOW_MS)
    added(database, "李会计", "accountant", ["S001"])
    with database.read() as connection:
        assert people(connection) == [{"name": "李会计", "role": "accountant", "stores": ["S001"], "disabled": False}]
    with database.write() as connection:
        change_password(connection, "李会计", PASSWORD)
    person = logged_in(database, log_in(database, "李会计", PASSWORD, NOW_MS), NOW_MS)
    require(person, Act.READ, "S001")
    with pytest.raises(Credentials, match=r"access\.not_this_store"):
        require(person, Act.READ, "S002")


def test_an_auditor_reads_and_changes_nothing() -> None:
    assert RIGHTS[Role.AUDITOR] == {Act.READ, Act.PULL}
    assert set(RIGHTS) == set(Role)
    assert {act for rights in RIGHTS.values() for act in rights} == set(Act)


def test_nobody_approves_himself() -> None:
    lead = Person("王主管", Role.LEAD_ACCOUNTANT, None)
    require_second("李会计", lead)
    with pytest.raises(Credentials, match=r"person\.not_oneself"):
        require_second("王主管", lead)
    with pytest.raises(Credentials, match=r"person\.may_not"):
        require_second("王主管", Person("李会计", Role.ACCOUNTANT, None))
