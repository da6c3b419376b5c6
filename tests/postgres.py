"""Every database that headquarters runs on, for tests: SQLite, and a real PostgreSQL that the run starts itself."""

from collections.abc import Iterator

import pytest

from agent.bench.postgres import WITHOUT_POSTGRESQL, Server, found_programs


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server of this run."""
    programs = found_programs()
    if programs is None:
        pytest.skip(WITHOUT_POSTGRESQL)
    server = Server(programs)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Every database that headquarters runs on: None is SQLite in its state folder."""
    if request.param == "sqlite":
        return None
    server: Server = request.getfixturevalue("postgres")
    return server.fresh_database()
