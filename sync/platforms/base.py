"""The registry of platforms: a name in the settings becomes a `Platform`. A module is imported when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module

from agent.core.errors import Refused
from agent.core.payment import Platform
from agent.core.ports import Entropy

Outcome = Callable[[str | None], None]
"""Hears None after a believed answer, else the code of the network's error."""

_MODULES: dict[str, str] = {"wallet": "sync.platforms.wallet"}


def platform_names() -> list[str]:
    """Return the names that `open_platform` knows."""
    return sorted(_MODULES)


def register(name: str, module: str) -> None:
    """Make a platform known; its module has `open_from(settings, entropy, on_outcome) -> Platform`."""
    _MODULES[name] = module


def open_platform(
    name: str, settings: Mapping[str, str], entropy: Entropy, on_outcome: Outcome | None = None
) -> Platform:
    """Return the platform of a name; refuses with `platform.unknown` or `platform.setting_missing`."""
    module = _MODULES.get(name)
    if module is None:
        raise Refused("platform.unknown", platform=name[:20], known=", ".join(platform_names()))
    platform: Platform = import_module(module).open_from(settings, entropy, on_outcome)
    return platform


def setting(settings: Mapping[str, str], name: str) -> str:
    """Return a setting of a platform; refuses when it is missing."""
    value = settings.get(name)
    if not value:
        raise Refused("platform.setting_missing", setting=name)
    return value
