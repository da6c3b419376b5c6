"""Every database that headquarters runs on, for tests: SQLite, and a real PostgreSQL that the run starts itself."""

from collections.abc import Iterator

import pytest

from agent.bench.postgres import WITHOUT_POSTGRESQL, Server, found_programs
from sync.hq.database import Database


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server of this run."""
    programs = found_programs()
    if programs is None:
        pytest.skip(WITHOUT_POSTGRESQL)
    server = Server(programs, survives="process")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with every table, all empty, to be copied: migrating takes longer than most tests."""
    url = postgres.fresh_database()
    Database.open(tmp_path_factory.mktemp("migrated"), url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str | None:
    """The same without a table, for who migrates."""
    if request.param == "sqlite":
        return None
    server: Server = request.getfixturevalue("postgres")
    return server.fresh_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Every database that headquarters runs on: None is SQLite in its state folder."""
    if request.param == "sqlite":
        return None
    server: Server = request.getfixturevalue("postgres")
    return server.copy_of(request.getfixturevalue("migrated"))
