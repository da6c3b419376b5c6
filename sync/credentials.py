"""Secrets that systemd opens for the box alone: its unit's credentials."""

import os
from collections.abc import Mapping
from pathlib import Path

UNIT_CREDENTIALS = Path("/run/credentials/storebox.service")
"""Where systemd puts the box's credentials: for commands, which it did not start."""


def own_credentials(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of the credentials that systemd gave to this very process; None where it gave none."""
    given = environment.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else None


def credentials_folder(environment: Mapping[str, str] = os.environ, unit: Path = UNIT_CREDENTIALS) -> Path | None:
    """Return the folder of the unit's credentials; None where systemd gave none."""
    given = own_credentials(environment)
    if given is not None:
        return given
    return unit if os.access(unit, os.R_OK | os.X_OK) else None
