"""A verified bundle's tree onto the disk, beside the running release: exactly the files of the manifest, or nothing.

The archive is not trusted even under a good signature of its manifest: only regular files that the manifest names, each
once, each with its size and digest; every file is created anew below a folder that did not exist before.
"""

import gzip
import os
import shutil
import tarfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import IO

from agent.core.canonical import canonical_bytes
from agent.core.errors import Refused
from agent.core.release import Manifest, ReleaseFile
from agent.disk import sync_folder
from agent.upgrade.bundle import READ_BYTES, TREE, Bundle
from agent.upgrade.place import RELEASE_FILE, write_whole

RESERVE_BYTES = 64 * 1024 * 1024
"""What stays free beside everything that an upgrade writes: trade goes on meanwhile."""


def check_room(folder: Path, needed_bytes: int, reserve_bytes: int = RESERVE_BYTES) -> None:
    """Refuse with `upgrade.no_room` when a file system has less than that and the reserve."""
    found = os.statvfs(folder)
    free_bytes = found.f_bavail * found.f_frsize
    if free_bytes < needed_bytes + reserve_bytes:
        raise Refused(
            "upgrade.no_room",
            folder=str(folder),
            needed_mb=(needed_bytes + reserve_bytes) // 1_000_000 + 1,
            free_mb=free_bytes // 1_000_000,
        )


def unpack(bundle: Bundle, target: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
    """Unpack a bundle whose signatures hold into `target`, which is there whole and synced afterwards, or not at all.

    Refuses with `release.hostile_entry`, `release.file_differs`, `release.truncated`, `upgrade.no_room`.
    """
    manifest = bundle.manifest
    check_room(target.parent, manifest.unpacked_bytes + 8192 * len(manifest.files), reserve_bytes)
    making = target.with_name(f".{target.name}.partial")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o755)
    try:
        _files(bundle.tree, manifest, making)
        for path, link in manifest.links.items():
            (making / path).parent.mkdir(parents=True, exist_ok=True)
            (making / path).symlink_to(link)
        write_whole(making / RELEASE_FILE, canonical_bytes(dict(manifest.document)))
        _sync(making)
        os.rename(making, target)
        sync_folder(target.parent)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise Refused("upgrade.not_written", folder=str(target.parent), reason=error.strerror) from error
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _files(packed: IO[bytes], manifest: Manifest, target: Path) -> None:
    wanted = {one.path: one for one in manifest.files}
    try:
        with gzip.GzipFile(fileobj=packed, mode="rb") as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            for member in archive:
                listed = wanted.pop(member.name, None)
                if listed is None or not member.isreg() or member.size != listed.size:
                    raise Refused("release.hostile_entry", file=member.name[:80])
                file = archive.extractfile(member)
                if file is None:
                    raise Refused("release.hostile_entry", file=member.name[:80])
                _one(file, listed, target / listed.path)
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise Refused("release.truncated", file=TREE) from error
    if wanted:
        raise Refused("release.truncated", file=next(iter(wanted))[:80])


def _one(file: IO[bytes], listed: ReleaseFile, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o755 if listed.executable else 0o644)
    digest = sha256()
    with os.fdopen(descriptor, "wb") as written:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            written.write(piece)
    if digest.hexdigest() != listed.sha256:
        raise Refused("release.file_differs", file=listed.path[:80])


def _sync(folder: Path) -> None:
    """Make a whole tree last: one call for its file system instead of thousands."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _syncfs(descriptor)
    finally:
        os.close(descriptor)


def _syncfs(descriptor: int) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
