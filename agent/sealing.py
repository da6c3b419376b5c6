"""Root's part of sealing the box's key: what `storebox-seal.service` runs.

It trusts nothing in the box's folder, which the box itself may write: no link is followed, nothing but a small plain
file is read, and only the key that the box was enrolled with is sealed. It writes nothing there.
"""

import logging
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

from agent.core.canonical import parse
from agent.core.errors import Broken, Refused
from agent.disk import write_private
from sync.keys import FileKey
from sync.sealing import CREDENTIAL, KEY_BYTES_MAX

log = logging.getLogger("storebox.sealing")

CREDSTORE = Path("/etc/credstore.encrypted/storebox.device.key")
ENROLMENT_BYTES_MAX = 1024 * 1024
SYSTEMD_CREDS_TIMEOUT_S = 50.0
# A TPM without a register: a new BIOS must not take the key away. The machine's own secret is in it all the same.
ENCRYPT = ("systemd-creds", "encrypt", f"--name={CREDENTIAL}", "--tpm2-pcrs=", "-", "-")
DECRYPT = ("systemd-creds", "decrypt", f"--name={CREDENTIAL}", "-", "-")

Filter = Callable[[bytes], bytes]
"""Bytes in, bytes out; raises `Broken` when it can't."""


def systemd_creds(command: tuple[str, ...]) -> Filter:
    """Return what runs systemd-creds over a secret; raises `Broken("key.not_sealed")` with what it said."""

    def through(data: bytes) -> bytes:
        try:
            done = subprocess.run(command, input=data, capture_output=True, timeout=SYSTEMD_CREDS_TIMEOUT_S, check=True)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()[-200:]
            raise Broken("key.not_sealed", reason=said) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Broken("key.not_sealed", reason=type(error).__name__) from error
        return done.stdout

    return through


def seal(state: Path, credential: Path, encrypt: Filter, decrypt: Filter) -> bool:
    """Seal the enrolled key of a state folder into `credential`; False when it is sealed there already.

    The same again changes nothing. The sealed key is opened once before it counts. Refuses a folder without an open key
    (`key.nothing_to_seal`), and one whose key is not the enrolled one.
    """
    open_key, public_key = _open_key(state)
    if FileKey.from_pem(open_key, "device.key").public_key != public_key:
        raise Broken("key.not_the_enrolled", file="device.key")
    if _opens_to(credential, decrypt) == open_key:
        return False
    sealed = encrypt(open_key)
    if decrypt(sealed) != open_key:
        raise Broken("key.not_sealed", reason="what was sealed does not open to the same key")
    write_private(credential, sealed)
    return True


def _opens_to(credential: Path, decrypt: Filter) -> bytes | None:
    if not credential.exists():
        return None
    try:
        return decrypt(credential.read_bytes())
    except Broken as error:
        log.warning("the seal that there is does not open and is made anew: %s", error)
        return None


def _open_key(state: Path) -> tuple[bytes, bytes]:
    """Return the open key in PEM and the enrolled public key."""
    folder = -1
    try:
        folder = os.open(state / "keys", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        enrolment = parse(_plain(folder, "enrolment.json", ENROLMENT_BYTES_MAX))
        if not isinstance(enrolment, dict) or type(enrolment.get("epoch")) is not int:
            raise Broken("enrol.damaged", file="enrolment.json")
        public_key = bytes.fromhex(str(enrolment.get("public_key")))
        return _plain(folder, f"device-{enrolment['epoch']}.key", KEY_BYTES_MAX), public_key
    except FileNotFoundError as error:
        raise Refused("key.nothing_to_seal", state=str(state)) from error
    except OSError as error:
        raise Broken("key.unreadable", file=str(error.filename or state)) from error
    except ValueError as error:
        raise Broken("enrol.damaged", file="enrolment.json") from error
    finally:
        if folder >= 0:
            os.close(folder)


def _plain(folder: int, name: str, bytes_max: int) -> bytes:
    """Read a plain file in a folder: no link, no pipe that would wait, nothing larger than it should be."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Broken("key.unreadable", file=name)
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise Broken("key.unreadable", file=name)
    return data
