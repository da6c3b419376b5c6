"""A signed release: what its manifest says, which keys may sign it, and every reason for which a box refuses one.

Two different release keys sign a manifest, so that one stolen key makes no release. The release keys stand in a key
list that two root keys sign; a bundle brings the lists since the last one, and a box follows them one by one, which is
how keys and roots are replaced. Nothing here expires by a clock: a stick may lie in a van for months, and the clock of
a box may be years off. `not_after` is advice that is shown.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from agent.core.canonical import LARGEST_INTEGER, canonical_bytes, parse
from agent.core.errors import Broken, Refused
from agent.core.signing import verify

PRODUCT = "storebox"
FORMAT = 1
SIGNATURES = 2
"""How many different keys sign: a manifest by release keys, a key list by roots."""
FILES_MAX = 50_000
TREE_BYTES_MAX = 2_000_000_000
MANIFEST_BYTES_MAX = 16 * 1024 * 1024
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,39}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_HEX32 = re.compile(r"[0-9a-f]{64}")
_INTERPRETER = re.compile(r"/usr/bin/python3(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A file of the release tree: `path` is relative, with `/`."""

    path: str
    sha256: str
    size: int
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release says of itself. `document` is the whole as it was signed.

    `min_from` is the sequence of the oldest release that may be replaced by it; `links` are the only links of the tree.
    """

    version: str
    sequence: int
    min_from: int
    channel: str
    arch: str
    python: str
    not_after: str | None
    tree_sha256: str
    tree_size: int
    files: tuple[ReleaseFile, ...]
    links: Mapping[str, str]
    document: Mapping[str, Any]

    @property
    def unpacked_bytes(self) -> int:
        """Return what all files take together."""
        return sum(one.size for one in self.files)


@dataclass(frozen=True, slots=True)
class ReleaseKeys:
    """A key list in force: `roots` sign the next list, `keys` sign manifests, by their names."""

    version: int
    roots: tuple[bytes, ...]
    keys: Mapping[str, bytes]
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Installed:
    """What runs on a box: sequence 0 is a release that came without a manifest."""

    version: str
    sequence: int
    arch: str
    python: str


def manifest_message(document: Mapping[str, object]) -> bytes:
    """Return what release keys sign: the manifest without its signatures."""
    return _message("storebox-release", document)


def key_list_message(document: Mapping[str, object]) -> bytes:
    """Return what root keys sign: the key list without its signatures."""
    return _message("storebox-release-keys", document)


def safe_path(path: object) -> bool:
    """Tell whether a path stays inside its tree: relative, no `..`, no empty part, printable, short."""
    if not isinstance(path, str) or not path or len(path) > 400 or "\\" in path or not path.isprintable():
        return False
    return all(part not in ("", ".", "..") and len(part.encode()) <= 200 for part in path.split("/"))


def safe_link(path: str, target: object) -> bool:
    """Tell whether a link may be made: to the system's Python, or to a place inside the tree."""
    if not safe_path(path) or not isinstance(target, str) or not target or len(target) > 400:
        return False
    if target.startswith("/"):
        return _INTERPRETER.fullmatch(target) is not None
    depth = path.count("/")
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part == "." else 1
        if depth < 0 or not part:
            return False
    return target.isprintable()


def parse_manifest(data: bytes) -> Manifest:
    """Return a manifest; refuses with `release.malformed` whatever is not one, whoever signed it."""
    document = _object(data)
    fields = _Fields(document)
    if document.get("format") != FORMAT:
        raise Refused("release.malformed", field="format")
    tree = _Fields(fields.table("tree"))
    files = tuple(_file(row) for row in fields.rows("files", FILES_MAX))
    links = fields.table("links")
    not_after = document.get("not_after")
    names = [one.path for one in files] + list(links)
    if len(set(names)) != len(names) or not files:
        raise Refused("release.malformed", field="files")
    if not all(safe_link(path, target) for path, target in links.items()):
        raise Refused("release.malformed", field="links")
    if not_after is not None and not isinstance(not_after, str):
        raise Refused("release.malformed", field="not_after")
    manifest = Manifest(
        version=fields.text("version", _VERSION),
        sequence=fields.number("sequence", 1),
        min_from=fields.number("min_from", 0),
        channel=fields.text("channel", _NAME),
        arch=fields.text("arch", _NAME),
        python=fields.text("python", _NAME),
        not_after=not_after,
        tree_sha256=tree.text("sha256", _HEX32),
        tree_size=tree.number("size", 1),
        files=files,
        links={path: str(target) for path, target in links.items()},
        document=document,
    )
    if manifest.unpacked_bytes > TREE_BYTES_MAX:
        raise Refused("release.malformed", field="files")
    return manifest


def parse_key_list(document: object) -> ReleaseKeys:
    """Return a key list, its signatures not looked at; refuses with `release.malformed`."""
    if not isinstance(document, dict):
        raise Refused("release.malformed", field="key list")
    fields = _Fields(document)
    roots = tuple(_key(row) for row in fields.rows("roots", 20))
    keys = {}
    for row in fields.rows("keys", 50):
        one = _Fields(row if isinstance(row, dict) else {})
        keys[one.text("kid", _NAME)] = bytes.fromhex(one.text("public_key", _HEX32))
    if len(set(roots)) < SIGNATURES or len(set(keys.values())) < SIGNATURES or len(keys) != len(set(keys.values())):
        raise Refused("release.malformed", field="keys")
    return ReleaseKeys(fields.number("version", 1), roots, keys, document)


def followed(trusted: ReleaseKeys, lists: Sequence[object]) -> ReleaseKeys:
    """Return the keys in force after the lists of a bundle, oldest first, each signed by two roots of the one before.

    Lists that are not newer are passed over: an old stick brings no old keys back. Refuses with
    `release.key_list_not_signed`.
    """
    present = trusted
    for document in lists:
        offered = parse_key_list(document)
        if offered.version <= present.version:
            continue
        message = key_list_message(offered.document)
        signed = {
            root for root in present.roots if any(verify(root, message, raw) for raw in _signatures(offered.document))
        }
        if len(signed) < SIGNATURES:
            raise Refused("release.key_list_not_signed", version=offered.version)
        present = offered
    return present


def check_signatures(manifest: Manifest, keys: ReleaseKeys) -> None:
    """Refuse a manifest that two different keys of the list did not sign, saying which way."""
    rows = manifest.document.get("signatures")
    signers: set[bytes] = set()
    message = manifest_message(manifest.document)
    for row in rows if isinstance(rows, list) else ():
        kid, raw = (row.get("kid"), _raw(row.get("signature"))) if isinstance(row, dict) else (None, b"")
        key = keys.keys.get(str(kid))
        if key is None:
            raise Refused("release.unknown_key", kid=str(kid)[:32])
        if not verify(key, message, raw):
            raise Refused("release.wrong_signature", kid=str(kid)[:32])
        signers.add(key)
    if len(signers) < SIGNATURES:
        raise Refused("release.one_signature", signatures=len(signers))


def check_fits(manifest: Manifest, installed: Installed, *, permitted_sequence: int | None = None) -> None:
    """Refuse a release that this box may not take now; `permitted_sequence` is what headquarters lets it go back to."""
    if manifest.document.get("product") != PRODUCT:
        raise Refused("release.other_product", product=str(manifest.document.get("product"))[:40])
    if manifest.arch not in ("all", installed.arch):
        raise Refused("release.other_machine", arch=manifest.arch, own=installed.arch)
    if manifest.python not in ("any", installed.python):
        raise Refused("release.other_python", python=manifest.python, own=installed.python)
    back = manifest.sequence <= installed.sequence
    if back and manifest.sequence != permitted_sequence:
        raise Refused("release.not_newer", sequence=manifest.sequence, installed=installed.sequence)
    if manifest.version == installed.version:
        raise Refused("release.same_version", version=manifest.version)
    if not back and installed.sequence < manifest.min_from:
        raise Refused("release.too_far", min_from=manifest.min_from, installed=installed.sequence)


def is_version(text: str) -> bool:
    """Tell whether a text is a version, and so a safe name of a folder."""
    return _VERSION.fullmatch(text) is not None


def _message(purpose: str, document: Mapping[str, object]) -> bytes:
    bare = {key: value for key, value in document.items() if key != "signatures"}
    return f"{purpose}\n{sha256(canonical_bytes(bare)).hexdigest()}".encode()


def _object(data: bytes) -> dict[str, Any]:
    if len(data) > MANIFEST_BYTES_MAX:
        raise Refused("release.malformed", field="size")
    try:
        document = parse(data)
        canonical_bytes(document)
    except Broken as error:
        raise Refused("release.malformed", field="json") from error
    if not isinstance(document, dict):
        raise Refused("release.malformed", field="json")
    return document


def _file(row: object) -> ReleaseFile:
    fields = _Fields(row if isinstance(row, dict) else {})
    path = fields.document.get("path")
    if not isinstance(path, str) or not safe_path(path):
        raise Refused("release.malformed", field="path")
    return ReleaseFile(
        path, fields.text("sha256", _HEX32), fields.number("size", 0), fields.document.get("executable") is True
    )


def _key(value: object) -> bytes:
    if not isinstance(value, str) or not _HEX32.fullmatch(value):
        raise Refused("release.malformed", field="roots")
    return bytes.fromhex(value)


def _signatures(document: Mapping[str, Any]) -> list[bytes]:
    rows = document.get("signatures")
    return [_raw(row) for row in rows[:20]] if isinstance(rows, list) else []


def _raw(value: object) -> bytes:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""


class _Fields:
    """Typed reading of a JSON object; each refuses with the name of the field."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def text(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.document.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Refused("release.malformed", field=name)
        return value

    def number(self, name: str, least: int) -> int:
        value = self.document.get(name)
        if type(value) is not int or not least <= value <= LARGEST_INTEGER:
            raise Refused("release.malformed", field=name)
        return value

    def rows(self, name: str, most: int) -> list[Any]:
        value = self.document.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise Refused("release.malformed", field=name)
        return value

    def table(self, name: str) -> dict[str, Any]:
        value = self.document.get(name)
        if not isinstance(value, dict) or len(value) > FILES_MAX:
            raise Refused("release.malformed", field=name)
        return value
