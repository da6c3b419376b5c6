"""Where merchants' secrets lie: credentials of the unit are right, files are for development."""

import stat
from collections.abc import Iterator
from pathlib import Path

from agent.settings import Settings


def secret_files(settings: Settings) -> tuple[list[str], list[str]]:
    """Return the names of files with secrets that other users can read, and of those outside the unit's credentials."""
    from sync.credentials import credentials_folder
    from sync.platforms.files import FOLDER, merchant_files

    folder, exposed, outside = credentials_folder(), set(), set()
    if settings.payments.custody == "direct":
        for file in merchant_files(settings.state / FOLDER):
            for place in _with_secrets(file):
                if stat.S_IMODE(place.stat().st_mode) & 0o077:
                    exposed.add(place.name)
                elif folder is None or folder not in place.parents:
                    outside.add(place.name)
    return sorted(exposed), sorted(outside)


def _with_secrets(file: Path) -> Iterator[Path]:
    """Yield the files that hold a merchant's secrets: the merchant's own when they stand in it, and those it names."""
    from agent.core.errors import StoreboxError
    from sync.platforms.files import SECRETS, settings_in

    try:
        found = settings_in(file)
    except StoreboxError:
        yield file  # unreadable as settings; told of elsewhere, and may hold a secret all the same
        return
    if any(found.get(name) for name in SECRETS):
        yield file
    yield from (Path(place) for name in SECRETS if (place := found.get(f"{name}_file")) and Path(place).exists())
