"""The boot guard: a file of its own that needs nothing but Python, so that no broken release can stop it.

`guard.py ROOT boot` runs before the agent and looks at a switch that a power cut broke off: the first start goes on
with the trial, the second goes back. `guard.py ROOT carry-out …` starts the program that carries an upgrade out from
the release that is known to be good, never from the one on trial. Before each switch the running release puts this file
to `ROOT/upgrade/guard.py`.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

TRIES_MAX = 2
ON_TRIAL = ("switched", "probation")
VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,39}")


def pending_of(root: Path) -> dict[str, Any] | None:
    """Return the upgrade on trial or on its way back, None when there is none or its file says nothing."""
    try:
        found = json.loads((root / "upgrade" / "pending.json").read_bytes())
        whole = VERSION.fullmatch(found["to"]) and VERSION.fullmatch(found["back"])
        return found if whole and found["state"] in (*ON_TRIAL, "returning") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a power cut leaves the old one or the new one."""
    making = path.with_name(f".{path.name}.guard")
    with making.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(making, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def usable(root: Path, version: str) -> bool:
    """Tell whether a release can be started at all."""
    return os.access(root / "releases" / version / "bin" / "storebox", os.X_OK)


def point(root: Path, version: str) -> None:
    """Let `current` name a release."""
    making = root / ".current.guard"
    making.unlink(missing_ok=True)
    making.symlink_to(f"releases/{version}")
    os.replace(making, root / "current")
    sync_folder(root)


def boot(root: Path) -> str:
    """Decide what the machine starts with; returns what was done, for the log."""
    found = pending_of(root)
    if found is None:
        return "nothing pending"
    to, back = found["to"], found["back"]
    tries = found.get("tries", 0)
    tries = tries if isinstance(tries, int) else TRIES_MAX
    bad = found["state"] == "returning" or tries >= TRIES_MAX or not usable(root, to)
    if bad and usable(root, back):
        reason = found.get("reason") or "upgrade.power_cut"
        taken_back = {**found, "state": "returning", "reason": reason, "tries": TRIES_MAX + 1}
        write_whole(root / "upgrade" / "pending.json", _said(taken_back))
        point(root, back)
        return f"back to {back}"
    write_whole(root / "upgrade" / "pending.json", _said({**found, "tries": tries + 1}))
    point(root, to)
    return f"goes on with the trial of {to}, start {tries + 1}"


def good_release(root: Path) -> Path:
    """Return the folder of the release that may be trusted: the old one while another is on trial."""
    found = pending_of(root)
    if found is not None and usable(root, found["back"]):
        return root / "releases" / str(found["back"])
    return Path(os.path.realpath(root / "current"))


def _said(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    if len(arguments) < 2 or arguments[1] not in ("boot", "carry-out"):
        sys.stderr.write("usage: guard.py ROOT boot | guard.py ROOT carry-out [OPTION…]\n")
        return 2
    root = Path(arguments[0])
    if arguments[1] == "boot":
        sys.stdout.write(f"{boot(root)}\n")
        return 0
    program = str(good_release(root) / "bin" / "storebox")
    return os.execv(program, [program, "upgrade", "carry-out", "--root", str(root), *arguments[2:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
