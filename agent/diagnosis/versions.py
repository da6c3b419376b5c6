"""Releases: storebox itself, the Python that runs it, the SQLite that keeps the journal, the journal's schema."""

import platform
import sys
from importlib.metadata import version

from agent.diagnosis.finding import Finding, failing, well
from agent.diagnosis.site import Site

PYTHON_OLDEST = (3, 11)


def release(site: Site) -> Finding:
    """Which storebox this is."""
    found = version("storebox")
    return well("release", f"storebox {found}", f"storebox {found}")


def python(site: Site) -> Finding:
    """Whether Python is new enough."""
    found = platform.python_version()
    if sys.version_info[:2] < PYTHON_OLDEST:
        return failing("version.python_old", "python", (found, found), found=found)
    return well("python", f"{found}({sys.prefix})", f"{found} ({sys.prefix})")


def sqlite(site: Site) -> Finding:
    """Whether the SQLite in use has the fix without which commits can be lost."""
    from pysqlite3 import dbapi2

    from agent.store.connection import check_version

    check_version(dbapi2.sqlite_version_info)
    return well("sqlite", dbapi2.sqlite_version, dbapi2.sqlite_version)


def schema(site: Site) -> Finding:
    """Whether this release knows the journal's tables: a newer one may have changed them."""
    from agent.store.connection import JOURNAL_FILE, open_reader
    from agent.store.migrations import assert_known

    path = site.settings.state / JOURNAL_FILE
    if not path.exists():
        return well("schema", "还没有账本", "no journal yet")
    connection = open_reader(path)
    try:
        count = assert_known(connection)
    finally:
        connection.close()
    return well("schema", f"{count} 步,都认识", f"{count} steps, all known")


EXAMINATIONS = (release, python, sqlite, schema)
