"""The box's key sealed to its machine: systemd opens it for the unit, and no other program reads it from the disk.

Separate from `sync.keys`, which knows files only. The box asks for the seal by a file (root's unit makes it, see
`agent.sealing`), and removes the open key after a start that got the sealed one. A seal that can't be opened any more
leaves a box that trades unsealed and says so; it never leaves a shop without a box.
"""

from enum import StrEnum
from pathlib import Path

from agent.core.errors import Broken
from agent.disk import sync_folder, write_private
from sync.keys import FileKey, device_key_path, public_key_path

CREDENTIAL = "device.key"
UNENROLLED = b"unenrolled"
"""What the unit gives where no key was sealed yet, or the seal can't be opened."""
REQUEST = "seal-request"
"""Below `STATE/keys`: the wish to have the key sealed, whatever is in it."""
KEY_BYTES_MAX = 4096


class Seal(StrEnum):
    """How a box's key is kept."""

    SEALED = "sealed"
    OPEN = "open"
    LOST = "lost"


def sealed_key(folder: Path | None) -> FileKey | None:
    """Return the key among a unit's credentials; None where there is none. Raises `Broken` for one that is damaged."""
    if folder is None:
        return None
    path = folder / CREDENTIAL
    try:
        with path.open("rb") as file:
            data = file.read(KEY_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Broken("key.unreadable", file=path.name) from error
    return None if data.strip() == UNENROLLED else FileKey.from_pem(data, path.name)


def settle_seal(state: Path, epoch: int, public_key: bytes, credentials: Path | None) -> Seal:
    """Take a start's step towards the seal, and say how the key is kept now.

    A sealed key that is the enrolled one: the open file goes, its public half stays. An open key where the unit has
    credentials: a wish to seal it is written. Without the unit (`credentials` None) nothing changes.
    """
    path = device_key_path(state, epoch)
    key = sealed_key(credentials)
    if key is not None and key.public_key == public_key:
        if path.exists():
            write_private(public_key_path(state, epoch), public_key.hex().encode())
            path.unlink()
            sync_folder(path.parent)
        return Seal.SEALED
    if not path.exists():
        return Seal.LOST
    if credentials is not None:
        write_private(state / "keys" / REQUEST, str(epoch).encode())
    return Seal.OPEN
