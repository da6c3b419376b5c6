"""Where releases and the papers of an upgrade lie; files that are there whole or not at all.

Below the root (`/opt/storebox`) only root writes: the releases, the link `current`, and `upgrade/` with the pending
upgrade, the keys and the bundle under way. Below the state folder the agent writes, so nothing there is believed:
its requests are checked again, and what is written there for it (history) goes through no link.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, Refused
from agent.core.release import Installed, ReleaseKeys, is_version, parse_key_list
from agent.disk import sync_folder

ROOT = Path("/opt/storebox")
RELEASE_FILE = "release.json"
KEYS_FILE = "release-keys.json"
SMALL_FILE_BYTES_MAX = 16 * 1024 * 1024


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file so that a power cut leaves the old one or the new one."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(making, path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def point(link: Path, target: str) -> None:
    """Let a link name another folder beside it, in one step."""
    making = link.with_name(f".{link.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    making.symlink_to(target)
    os.replace(making, link)
    sync_folder(link.parent)


def read_json(path: Path) -> Any:
    """Return what a JSON file of ours holds, None without one; raises `Broken("upgrade.damaged_file")`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Broken("upgrade.damaged_file", file=path.name) from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Broken("upgrade.damaged_file", file=path.name)
        data = file.read(SMALL_FILE_BYTES_MAX + 1)
    try:
        return parse(data)
    except Broken as error:
        raise Broken("upgrade.damaged_file", file=path.name) from error


@dataclass(frozen=True, slots=True)
class Place:
    """The two folders of a box that an upgrade touches."""

    root: Path
    state: Path

    @property
    def current(self) -> Path:
        """Return the link that names the running release."""
        return self.root / "current"

    @property
    def releases(self) -> Path:
        """Return the folder of all releases."""
        return self.root / "releases"

    @property
    def own(self) -> Path:
        """Return root's folder of the upgrade under way."""
        return self.root / "upgrade"

    @property
    def asked(self) -> Path:
        """Return the folder below the state folder: what the agent asks for and may read."""
        return self.state / "upgrade"

    def release(self, version: str) -> Path:
        """Return a release's folder; refuses what is no version (`release.malformed`)."""
        if not is_version(version):
            raise Refused("release.malformed", field="version")
        return self.releases / version

    def running(self) -> str | None:
        """Return the version that `current` names, None when it names none that is here."""
        try:
            target = os.readlink(self.current)
        except OSError:
            return None
        folder, _, version = target.rpartition("/")
        inside = (self.root / folder) == self.releases and is_version(version)
        return version if inside and (self.releases / version).is_dir() else None

    def make_folders(self) -> None:
        """Make what is missing; raises `Refused("upgrade.needs_root")` for whoever may not."""
        try:
            self.releases.mkdir(parents=True, exist_ok=True)
            self.own.mkdir(exist_ok=True)
            if not os.access(self.own, os.W_OK):
                raise PermissionError
        except PermissionError as error:
            raise Refused("upgrade.needs_root", folder=str(self.root)) from error

    def manifest_of(self, version: str) -> Mapping[str, Any]:
        """Return the manifest that lies in a release, an empty one for a release that came without."""
        found = read_json(self.release(version) / RELEASE_FILE)
        return found if isinstance(found, dict) else {}

    def installed(self) -> Installed:
        """Return what runs; raises `Broken("upgrade.no_release")` when `current` names no release."""
        version = self.running()
        if version is None:
            raise Broken("upgrade.no_release", folder=str(self.root))
        sequence = self.manifest_of(version).get("sequence")
        return Installed(version, sequence if type(sequence) is int else 0, own_arch(), own_python())

    def keys(self) -> ReleaseKeys:
        """Return the release keys in force: the newer of the list that was followed and the one that was installed."""
        version = self.running()
        folders = (self.own, None if version is None else self.release(version))
        documents = [read_json(folder / KEYS_FILE) for folder in folders if folder is not None]
        lists = [parse_key_list(document) for document in documents if document is not None]
        if not lists:
            raise Refused("release.no_keys", folder=str(self.root))
        return max(lists, key=lambda keys: keys.version)

    def keep_keys(self, keys: ReleaseKeys) -> None:
        """Keep a newer list."""
        write_whole(self.own / KEYS_FILE, canonical_bytes(dict(keys.document)))


def own_arch() -> str:
    """Return this machine's architecture as Debian calls it."""
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}.get(machine, machine)


def own_python() -> str:
    """Return the Python that releases run on, `3.11`."""
    import sys

    return f"{sys.version_info.major}.{sys.version_info.minor}"
