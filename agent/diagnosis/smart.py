"""What a disk says of itself by SMART, asked of smartctl where it is installed and may ask: most need root for it."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """The disk's own verdict, and how much of its life is used in percent; None for what it does not tell."""

    good: bool | None
    used_percent: int | None


def health_in(text: str) -> Health:
    """Read smartctl's JSON (`--json -H -A`); anything else tells nothing."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return Health(None, None)
    good = _at(found, "smart_status", "passed")
    used = _at(found, "endurance_used", "current_percent")
    if used is None:
        used = _at(found, "nvme_smart_health_information_log", "percentage_used")
    return Health(
        good if isinstance(good, bool) else None,
        used if isinstance(used, int) and not isinstance(used, bool) and 0 <= used <= 255 else None,
    )


def _at(found: Any, *keys: str) -> Any:
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def asked(disk: str) -> Health:
    """Ask a disk by its name below /dev; tells nothing where nobody may ask it."""
    program = shutil.which("smartctl") or shutil.which("smartctl", path="/usr/sbin:/sbin")
    if program is None:
        return Health(None, None)
    try:
        done = subprocess.run(
            [program, "--json=c", "-H", "-A", f"/dev/{disk}"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WITHIN_S,
            check=False,  # its exit code has a bit for each thing that may be wrong; the document says which
        )
    except (OSError, subprocess.TimeoutExpired):
        return Health(None, None)
    return health_in(done.stdout)


def disk_of(device: str, sys: Path) -> str | None:
    """Return the name of the whole disk of a block device `major:minor`; None where no single disk is behind it."""
    folder = sys / "dev" / "block" / device
    if not folder.exists():
        return None
    whole = folder.resolve()
    return (whole.parent if (whole / "partition").exists() else whole).name
