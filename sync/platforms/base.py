"""The registry of platforms: a name in the settings becomes a `Platform`. A module is imported when it is asked for."""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol

from agent.core.errors import Refused
from agent.core.payment import Platform
from agent.core.ports import Entropy

Outcome = Callable[[str | None], None]
"""Hears None after a believed answer, else the code of the network's error."""

NowMs = Callable[[], int]
"""Wall time in milliseconds UTC."""
SETTING_BYTES_MAX = 64 * 1024

_MODULES: dict[str, str] = {
    "wallet": "sync.platforms.wallet",
    "wechat": "sync.platforms.wechat.api",
    "alipay": "sync.platforms.alipay.api",
}


def wall_ms() -> int:
    """Return the wall clock in milliseconds UTC."""
    return time.time_ns() // 1_000_000


class Opener(Protocol):
    """What a platform's module offers as `open_from`."""

    def __call__(
        self, settings: Mapping[str, str], entropy: Entropy, on_outcome: Outcome | None, now_ms: NowMs
    ) -> Platform:
        """Return the platform of checked settings."""


def platform_names() -> list[str]:
    """Return the names that `open_platform` knows."""
    return sorted(_MODULES)


def register(name: str, module: str) -> None:
    """Make a platform known; its module has a function `open_from`, an `Opener`."""
    _MODULES[name] = module


def open_platform(
    name: str,
    settings: Mapping[str, str],
    entropy: Entropy,
    on_outcome: Outcome | None = None,
    now_ms: NowMs = wall_ms,
) -> Platform:
    """Return the platform of a name; refuses with `platform.unknown` or a `platform.setting_…` that names the setting.

    Nothing is asked of the network here: wrong settings are found, wrong keys show with the first answer.
    """
    module = _MODULES.get(name)
    if module is None:
        raise Refused("platform.unknown", platform=name[:20], known=", ".join(platform_names()))
    opener: Opener = import_module(module).open_from
    return opener(settings, entropy, on_outcome, now_ms)


def setting(settings: Mapping[str, str], name: str) -> str:
    """Return a setting of a platform; refuses when it is missing."""
    value = settings.get(name)
    if not value:
        raise Refused("platform.setting_missing", setting=name)
    return value


def setting_text(settings: Mapping[str, str], name: str) -> str:
    """Return a setting that stands in the settings (`name`) or in a file of its own (`name_file`), as keys do."""
    file = settings.get(f"{name}_file")
    if not file:
        return setting(settings, name)
    try:
        data = Path(file).read_bytes()[:SETTING_BYTES_MAX]
        return data.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("platform.setting_unreadable", setting=f"{name}_file", file=file[-120:]) from error


def authorities(settings: Mapping[str, str]) -> str | None:
    """Return the file of authorities that connections trust instead of the system's; refuses one that there is not."""
    file = settings.get("authorities_file") or None
    if file is not None and not Path(file).is_file():
        raise Refused("platform.setting_unreadable", setting="authorities_file", file=file[-120:])
    return file


def seconds_setting(settings: Mapping[str, str], name: str, default_s: float) -> float:
    """Return a setting in seconds, between 0.1 and 120."""
    try:
        value_s = float(settings.get(name) or default_s)
    except ValueError as error:
        raise malformed(name) from error
    if not 0.1 <= value_s <= 120:
        raise malformed(name)
    return value_s


def malformed(name: str) -> Refused:
    """Return the refusal of a setting that is no such thing; its value is never shown, it may be a secret."""
    return Refused("platform.setting_wrong", setting=name)


def checked_names(settings: Mapping[str, str], known: frozenset[str]) -> None:
    """Refuse a setting that nobody reads: a misspelt name would silently mean its default."""
    for name in settings:
        if name not in known and name.removesuffix("_file") not in known:
            raise Refused("platform.setting_unknown", setting=name[:40])
