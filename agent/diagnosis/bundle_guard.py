"""The last look at a bundle: none of this box's keys, tokens or hashes stands in it, in whatever writing.

What a bundle may hold is a closed list, so this finds nothing unless that list has a hole. It is here because a hole
would be found by strangers otherwise.
"""

import base64
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.core.errors import Broken

SECRET_BYTES_MIN = 8
"""Shorter ones stand anywhere by chance."""
KEY_FILE_BYTES_MAX = 64 * 1024
_HASHES = (
    ("staff", "pin_hash"),
    ("staff", "badge_hash"),
    ("session", "token_hash"),
    ("api_key", "hash"),
)
log = logging.getLogger("storebox.bundle")


def secrets_of_files(folders: Iterable[Path]) -> Iterator[bytes]:
    """Yield what stands in files of keys, whole and line by line; public files may be among them."""
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path.suffix in (".key", "", ".pem", ".token"):
                data = _data(path)
                yield data
                yield from (line for line in data.splitlines() if not line.startswith(b"-----"))


def secrets_of_settings(values: Mapping[str, Any], names: Iterable[str]) -> Iterator[bytes]:
    """Yield the values of the secret names of a merchant's settings, lines of keys each."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str):
            yield value.encode()
            yield from (line for line in value.encode().splitlines() if not line.startswith(b"-----"))


def secrets_of_journal(connection: Any) -> Iterator[bytes]:
    """Yield the hashes that lead to people and sessions."""
    for table, column in _HASHES:
        rows = connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        yield from (value.encode() if isinstance(value, str) else bytes(value) for (value,) in rows)


def writings(secret: bytes) -> Iterator[bytes]:
    """Yield how a secret can stand in a text: as it is, in hex, in Base64 at each offset, in UTF-16."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret)
        core = encoded[(offset * 8 + 5) // 6 : len(encoded) - 4]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")


def check(files: Mapping[str, bytes], secrets: Iterable[bytes]) -> None:
    """Raise `Broken("bundle.secret_inside")` with the file when a secret stands in one of the files."""
    wanted = {writing for secret in secrets if len(secret) >= SECRET_BYTES_MIN for writing in writings(secret)}
    wanted = {writing for writing in wanted if len(writing) >= SECRET_BYTES_MIN}
    for name, data in files.items():
        if any(writing in data for writing in wanted):
            raise Broken("bundle.secret_inside", file=name)


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()[:KEY_FILE_BYTES_MAX].strip()
    except OSError as error:
        log.warning("a key can't be read and is not looked for: %s", type(error).__name__)
        return b""
