"""What `storebox doctor` says of merchants' keys: credentials of the unit are right, files are for development."""

import stat
from collections.abc import Iterator
from pathlib import Path

from agent.cli.findings import Finding, Said
from agent.settings import Settings

_OPEN: Said = (
    "chmod 600;密钥可能已泄漏,请在商户平台更换。",
    "chmod 600; somebody may know the key, renew it in the portal.",
)
_OUTSIDE: Said = (
    "试用可以;营业时用 systemd 凭据:docs/platforms.md。",
    "Good enough to try; in a shop use systemd credentials: docs/platforms.md.",
)


def merchant_keys(settings: Settings) -> Finding:
    """Return how merchants' secrets are kept: readable by others fails, outside the unit's credentials is degraded."""
    from sync.credentials import credentials_folder
    from sync.platforms.files import FOLDER, merchant_files

    folder, exposed, outside = credentials_folder(), [], []
    if settings.payments.custody == "direct":
        for file in merchant_files(settings.state / FOLDER):
            for place in _with_secrets(file):
                if _open_to_others(place):
                    exposed.append(place.name)
                elif folder is None or folder not in place.parents:
                    outside.append(place.name)
    if exposed:
        names = ", ".join(sorted(set(exposed)))
        said = (f"别的用户能读:{names}", f"other users can read {names}")
        return Finding("merchant keys", "fail", said, _OPEN)
    if outside:
        names = ", ".join(sorted(set(outside)))
        said = (f"密钥在普通文件里:{names}", f"keys lie in plain files: {names}")
        return Finding("merchant keys", "degraded", said, _OUTSIDE)
    return Finding("merchant keys", "ok", ("没有放在外面的密钥", "none lies about"))


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


def _open_to_others(place: Path) -> bool:
    return bool(stat.S_IMODE(place.stat().st_mode) & 0o077)
