"""A bundle comes in: copied into root's own folder first, so that nobody exchanges it between check and use."""

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from agent.core.canonical import parse
from agent.core.errors import Broken, Refused
from agent.core.release import Manifest, check_fits, check_signatures, followed
from agent.core.upgrade import UpgradeState
from agent.disk import sync_folder
from agent.upgrade import pending as papers
from agent.upgrade.bundle import opened
from agent.upgrade.pending import Pending
from agent.upgrade.place import Place
from agent.upgrade.unpack import RESERVE_BYTES, check_room

REQUEST_FILE = "request.json"
INCOMING = "incoming"
SUFFIX = ".bundle"
STICK_FOLDER = "storebox-bundle"
BUNDLE_BYTES_MAX = 2_000_000_000
_ASKED = re.compile(r"[0-9a-f]{64}\.bundle")

Permits = Callable[[Manifest, int], int | None]
"""Returns the sequence that headquarters lets a box go back to, given what is offered and what is installed."""


def no_permit(manifest: Manifest, installed: int) -> int | None:
    """Permit nothing."""
    return None


def bundle_on(path: Path) -> Path:
    """Return the bundle that is meant: the file itself, or the newest by name in a stick's `storebox-bundle` folder."""
    if path.is_file():
        return path
    for folder in (path / STICK_FOLDER, path):
        if folder.is_dir() and not folder.is_symlink():
            found = sorted(one for one in folder.glob(f"*{SUFFIX}") if one.is_file() and not one.is_symlink())
            if found:
                return found[-1]
    raise Refused("release.none_here", folder=str(path))


def taken(
    place: Place,
    source: Path,
    now_ms: int,
    *,
    by_hand: bool,
    hurry: bool = False,
    permits: Permits = no_permit,
    reserve_bytes: int = RESERVE_BYTES,
) -> Pending:
    """Copy a bundle in, check it, and begin its upgrade.

    Refuses what `verified` refuses, a release that proved bad here unless a person brings it (`upgrade.turned_away`),
    and any while another one is past waiting (`upgrade.another_pending`).
    """
    place.make_folders()
    with papers.alone(place, papers.BY_HAND_S if by_hand else 0.0):
        known = papers.load(place)
        if known is not None and known.state not in (UpgradeState.FETCHED, UpgradeState.WAITING):
            raise Refused("upgrade.another_pending", version=known.to)
        copy = _copied(place, source, reserve_bytes)
        try:
            manifest = verified(place, copy, permits)
            if not by_hand and str(manifest.sequence) in papers.turned_away(place):
                raise Refused("upgrade.turned_away", version=manifest.version, sequence=manifest.sequence)
        except BaseException:
            if known is None or known.bundle != copy.name:
                copy.unlink(missing_ok=True)
            raise
        return _begun(place, copy, manifest, now_ms, hurry=hurry)


def _begun(place: Place, copy: Path, manifest: Manifest, now_ms: int, *, hurry: bool) -> Pending:
    papers.take_back(place, manifest.sequence)
    pending = Pending(
        id=f"{now_ms}-{manifest.version}",
        to=manifest.version,
        back=place.installed().version,
        sequence=manifest.sequence,
        state=UpgradeState.FETCHED,
        begun_ms=now_ms,
        bundle=copy.name,
        hurry=hurry,
    )
    papers.save(place, pending)
    for other in (place.own / INCOMING).glob(f"*{SUFFIX}"):
        if other != copy:
            other.unlink(missing_ok=True)
    return pending


def asked_for(place: Place) -> Path | None:
    """Return the bundle that the agent asks to be taken, and take the request away; None when it asks for none."""
    try:
        document = parse(papers.take_asked(place, REQUEST_FILE))
    except Broken:
        return None
    if not isinstance(document, dict):
        return None
    name = document.get("bundle")
    return place.asked / INCOMING / name if isinstance(name, str) and _ASKED.fullmatch(name) else None


def verified(place: Place, path: Path, permits: Permits = no_permit) -> Manifest:
    """Check keys, signatures and rules of a bundle, keep newer keys, and return its manifest."""
    with opened(path) as bundle:
        trusted = place.keys()
        keys = followed(trusted, bundle.key_lists)
        check_signatures(bundle.manifest, keys)
        if keys.version > trusted.version:
            place.keep_keys(keys)
        installed = place.installed()
        permitted = permits(bundle.manifest, installed.sequence)
        check_fits(bundle.manifest, installed, permitted_sequence=permitted)
        return bundle.manifest


def _copied(place: Place, source: Path, reserve_bytes: int) -> Path:
    folder = place.own / INCOMING
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused("release.unreadable", file=source.name, reason=error.strerror) from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > BUNDLE_BYTES_MAX:
            raise Refused("release.not_a_bundle", file=source.name)
        making = folder / "making"
        check_room(folder, found.st_size, reserve_bytes)
        try:
            _copy(file, making)
        except OSError as error:
            making.unlink(missing_ok=True)
            raise Refused("upgrade.not_written", folder=str(folder), reason=error.strerror) from error
    final = folder / f"{papers.digest_of(making)}{SUFFIX}"
    os.replace(making, final)
    sync_folder(folder)
    return final


def _copy(file: IO[bytes], target: Path) -> None:
    with target.open("wb") as copy:
        shutil.copyfileobj(file, copy, 1024 * 1024)
        copy.flush()
        os.fsync(copy.fileno())
