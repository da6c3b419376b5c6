"""A bundle as one file: a ZIP of its parts, the readable page first, a manifest with the SHA-256 of each. Pure but for
`write`, which puts it on disk whole or not at all.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.core.errors import Refused
from agent.disk import write_private

MANIFEST = "manifest.json"
FIRST_PAGE = "README.txt"
FORMAT = 1
_EPOCH = (2026, 1, 1, 0, 0, 0)
"""The same parts give the same bytes."""


def as_json(value: Any) -> bytes:
    """Return a part as JSON; plain ASCII, so that every tool of a support desk reads it."""
    return json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True).encode() + b"\n"


def manifest(files: Mapping[str, bytes], facts: Mapping[str, Any]) -> bytes:
    """Return the manifest: facts of the bundle, and size and SHA-256 of each file in it."""
    listed = {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()}
    return as_json({"format": FORMAT, **facts, "files": listed})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return the ZIP; the first page stands first, then the others by name."""
    target = io.BytesIO()
    order = sorted(files, key=lambda name: (name != FIRST_PAGE, name != MANIFEST, name))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in order:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, files[name])
    return target.getvalue()


def write(target: Path, data: bytes) -> Path:
    """Put a bundle on disk whole or not at all; refuses with `bundle.cannot_write` what the place does not take.

    A stick without rights (FAT) is written like a disk: everything is on it before the name appears.
    """
    try:
        target.parent.stat()  # a stick that is not there must not become a folder of the disk
        write_private(target, data)
    except OSError as error:
        target.with_name(f".{target.name}.new").unlink(missing_ok=True)
        raise Refused("bundle.cannot_write", place=str(target.parent), reason=error.strerror or "") from error
    return target
