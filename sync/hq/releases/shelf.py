"""The bundles themselves, files under their SHA-256, and the reading of what a bundle says of itself."""

import os
import shutil
import tarfile
from hashlib import file_digest
from pathlib import Path

from agent.core.canonical import parse
from agent.core.errors import Broken, Refused
from agent.core.release import (
    MANIFEST_BYTES_MAX,
    Manifest,
    check_signatures,
    followed,
    parse_key_list,
    parse_manifest,
)

PIECE_BYTES_MAX = 2 * 1024 * 1024


class Shelf:
    """The folder of bundles of one headquarters."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "releases"

    def take(self, bundle: Path) -> tuple[Manifest, str, int]:
        """Keep a bundle whose two signatures hold; returns manifest, digest and size. The same again changes nothing.

        Headquarters believes the newest key list that the bundle brings; a box follows lists from its own.
        """
        manifest = _checked(bundle)
        with bundle.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        final = self.path(digest)
        if not final.exists():
            making = final.with_suffix(".making")
            shutil.copyfile(bundle, making)
            with making.open("rb") as copied:
                os.fsync(copied.fileno())
            making.replace(final)
        return manifest, digest, final.stat().st_size

    def path(self, digest: str) -> Path:
        """Return where a bundle lies."""
        return self._folder / f"{digest}.bundle"

    def piece(self, digest: str, start: int, end: int) -> tuple[bytes, int]:
        """Return the bytes from `start` to `end`, both included and at most 2 MiB, and the size of the whole.

        Refuses with `release.unknown` and `release.bad_range`.
        """
        path = self.path(digest)
        if not path.is_file():
            raise Refused("release.unknown", sha256=digest[:12])
        size = path.stat().st_size
        if not 0 <= start <= end or start >= size:
            raise Refused("release.bad_range", start=start, size=size)
        with path.open("rb") as file:
            file.seek(start)
            return file.read(min(end - start + 1, PIECE_BYTES_MAX)), size


def _checked(bundle: Path) -> Manifest:
    try:
        with tarfile.open(bundle, "r:") as archive:
            manifest = parse_manifest(_member(archive, "manifest.json"))
            lists = parse(_member(archive, "keys.json"))
    except (tarfile.TarError, OSError) as error:
        raise Refused("release.not_a_bundle", file=bundle.name) from error
    except Broken as error:
        raise Refused("release.malformed", field="keys.json") from error
    if not isinstance(lists, list) or not lists:
        raise Refused("release.malformed", field="keys.json")
    check_signatures(manifest, followed(parse_key_list(lists[0]), lists[1:]))
    return manifest


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.next()
    file = archive.extractfile(member) if member is not None and member.isreg() else None
    if member is None or file is None or member.name != name or member.size > MANIFEST_BYTES_MAX:
        raise Refused("release.not_a_bundle", file=name)
    return file.read()
