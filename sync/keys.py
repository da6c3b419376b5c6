"""Private keys in files: made here, mode 0600, on disk before they are used."""

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from agent.core.errors import Broken
from agent.disk import write_private

_DEVICE_KEY = re.compile(r"device-(\d+)\.(?:key|pub)")


class FileKey:
    """An Ed25519 key in a PEM file; the private half stays in this object."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def load(cls, path: Path) -> "FileKey":
        """Read a key; raises `Broken` when it is missing or damaged."""
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise Broken("key.missing", file=path.name) from error
        except OSError as error:
            raise Broken("key.unreadable", file=path.name) from error
        return cls.from_pem(data, path.name)

    @classmethod
    def from_pem(cls, data: bytes, name: str) -> "FileKey":
        """Return the key in PEM; raises `Broken` naming `name` when it is damaged or of another kind."""
        try:
            private_key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError) as error:
            raise Broken("key.unreadable", file=name) from error
        if not isinstance(private_key, Ed25519PrivateKey):
            raise Broken("key.wrong_kind", file=name)
        return cls(private_key)

    @classmethod
    def load_or_create(cls, path: Path) -> "FileKey":
        """Read the key, or make one and put it on disk before returning it."""
        if path.exists():
            return cls.load(path)
        private_key = Ed25519PrivateKey.generate()
        pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(path, pem)
        return cls(private_key)

    @property
    def public_key(self) -> bytes:
        """Return the public key, 32 bytes."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of `message`."""
        return self._private_key.sign(message)


def device_key_path(state: Path, epoch: int) -> Path:
    """Return where the device key of an epoch lies."""
    return state / "keys" / f"device-{epoch}.key"


def public_key_path(state: Path, epoch: int) -> Path:
    """Return where the public half of an epoch's key lies, once the key itself is sealed."""
    return state / "keys" / f"device-{epoch}.pub"


def device_epochs(state: Path) -> list[int]:
    """Return the epochs that had a device key here, oldest first; sealed ones too."""
    folder = state / "keys"
    if not folder.is_dir():
        return []
    found = (_DEVICE_KEY.fullmatch(path.name) for path in folder.iterdir())
    return sorted({int(match[1]) for match in found if match})
