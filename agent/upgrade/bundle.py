"""A bundle: one tar file of three members, `manifest.json`, `keys.json`, `tree.tar.gz`, in this order.

The manifest comes first, so that signatures are checked before a byte of the tree is unpacked. Links of the tree stand
in the manifest and never in the archive. Byte code is packed too: the box has no right to write it beside its program.
"""

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO, Any

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, Refused
from agent.core.ports import Signer
from agent.core.release import (
    MANIFEST_BYTES_MAX,
    Manifest,
    manifest_message,
    parse_manifest,
    safe_link,
    safe_path,
)
from agent.upgrade.place import RELEASE_FILE

MANIFEST, KEYS, TREE = "manifest.json", "keys.json", "tree.tar.gz"
READ_BYTES = 1024 * 1024
LEVEL = 6
"""Of gzip: 9 takes five times as long and saves a hundredth."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """An open bundle: its manifest, the key lists that it brings, its tree still packed. Nothing is believed yet."""

    manifest: Manifest
    key_lists: Sequence[object]
    tree: IO[bytes]


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """Open a bundle; refuses what is none (`release.not_a_bundle`), or ends too early (`release.truncated`)."""
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            members = [_member(archive, name) for name in (MANIFEST, KEYS)]
            manifest = parse_manifest(members[0])
            try:
                lists = parse(members[1])
            except Broken as error:
                raise Refused("release.malformed", field=KEYS) from error
            if not isinstance(lists, list) or len(lists) > 100:
                raise Refused("release.malformed", field=KEYS)
            yield Bundle(manifest, lists, _packed(archive, manifest))
    except tarfile.TarError as error:
        raise Refused("release.not_a_bundle", file=path.name) from error
    except OSError as error:
        raise Refused("release.unreadable", file=path.name, reason=error.strerror) from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.next()
    if member is None or member.name != name or not member.isreg() or member.size > MANIFEST_BYTES_MAX:
        raise Refused("release.not_a_bundle", file=name)
    file = archive.extractfile(member)
    data = file.read() if file is not None else b""
    if len(data) != member.size:
        raise Refused("release.truncated", file=name)
    return data


def _packed(archive: tarfile.TarFile, manifest: Manifest) -> IO[bytes]:
    """Return the packed tree after its digest was compared: a cut stick is named before anything is unpacked."""
    try:
        member = archive.next()
    except tarfile.TarError as error:
        raise Refused("release.truncated", file=TREE) from error
    if member is None or member.name != TREE or not member.isreg():
        raise Refused("release.truncated", file=TREE)
    file = archive.extractfile(member)
    if file is None or member.size != manifest.tree_size:
        raise Refused("release.truncated", file=TREE)
    digest, done = sha256(), 0
    try:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            done += len(piece)
    except tarfile.ReadError as error:
        raise Refused("release.truncated", file=TREE) from error
    if done != member.size:
        raise Refused("release.truncated", file=TREE)
    if digest.hexdigest() != manifest.tree_sha256:
        raise Refused("release.file_differs", file=TREE)
    file.seek(0)
    return file


def make(
    tree: Path,
    target: Path,
    facts: Mapping[str, object],
    key_lists: Sequence[Mapping[str, object]],
    scratch: Path,
    level: int = LEVEL,
) -> dict[str, Any]:
    """Pack a release tree into an unsigned bundle; returns its manifest. `facts` are version, sequence and so on.

    The same tree gives the same bytes. Refuses a tree with links or files that no box would take.
    """
    files, links = _listed(tree)
    packed = scratch / TREE
    with (
        packed.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=level, fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for row in files:
            _add(archive, tree / str(row["path"]), row)
    with packed.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    manifest: dict[str, Any] = {
        **facts,
        "format": 1,
        "product": "storebox",
        "tree": {"sha256": digest, "size": packed.stat().st_size},
        "files": files,
        "links": links,
        "signatures": [],
    }
    parse_manifest(canonical_bytes(manifest))
    _write(target, manifest, key_lists, packed)
    packed.unlink()
    return manifest


def sign(bundle: Path, kid: str, signer: Signer) -> int:
    """Add a key's signature to a bundle; returns how many it has. The same key again replaces its own."""
    with opened(bundle) as found:
        document = dict(found.manifest.document)
        rows = [row for row in document.get("signatures", []) if isinstance(row, dict) and row.get("kid") != kid]
        rows.append({"kid": kid, "signature": signer.sign(manifest_message(document)).hex()})
        document["signatures"] = rows
        packed = bundle.with_name(f".{bundle.name}.tree")
        with packed.open("wb") as copy:
            while piece := found.tree.read(READ_BYTES):
                copy.write(piece)
        lists = [dict(one) for one in found.key_lists if isinstance(one, dict)]
    try:
        _write(bundle, document, lists, packed)
    finally:
        packed.unlink()
    return len(rows)


def _listed(tree: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    files: list[dict[str, Any]] = []
    links: dict[str, str] = {}
    for folder, names, file_names in os.walk(tree):
        names.sort()
        linked = [name for name in names if (Path(folder) / name).is_symlink()]
        names[:] = [name for name in names if name not in linked]
        for name in sorted([*file_names, *linked]):
            path = Path(folder) / name
            relative = path.relative_to(tree).as_posix()
            if relative == RELEASE_FILE:
                continue
            _list_one(path, relative, files, links)
    return sorted(files, key=lambda row: str(row["path"])), links


def _list_one(path: Path, relative: str, files: list[dict[str, Any]], links: dict[str, str]) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        links[relative] = os.readlink(path)
        if not safe_link(relative, links[relative]):
            raise Refused("release.hostile_entry", file=relative[:80])
    elif stat.S_ISREG(mode) and not mode & (stat.S_ISUID | stat.S_ISGID) and safe_path(relative):
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        row = {"path": relative, "sha256": digest, "size": path.stat().st_size}
        files.append({**row, "executable": True} if mode & stat.S_IXUSR else row)
    else:
        raise Refused("release.hostile_entry", file=relative[:80])


def _add(archive: tarfile.TarFile, path: Path, row: Mapping[str, Any]) -> None:
    member = tarfile.TarInfo(str(row["path"]))
    member.size = int(row["size"])
    member.mode = 0o755 if row.get("executable") else 0o644
    with path.open("rb") as file:
        archive.addfile(member, file)


def _write(
    target: Path, manifest: Mapping[str, object], key_lists: Sequence[Mapping[str, object]], packed: Path
) -> None:
    making = target.with_name(f".{target.name}.making")
    with tarfile.open(making, "w:", format=tarfile.PAX_FORMAT) as archive:
        for name, value in ((MANIFEST, manifest), (KEYS, list(key_lists))):
            data = canonical_bytes(value)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        member = tarfile.TarInfo(TREE)
        member.size = packed.stat().st_size
        with packed.open("rb") as file:
            archive.addfile(member, file)
    making.replace(target)
