"""The payment platforms of a box, by the name under which tenders know them."""

from collections.abc import Iterable, Mapping

from agent.core.payment import Platform
from agent.core.ports import Entropy
from sync.platforms.base import open_platform

SIMULATED_NAMES = ("wechat", "alipay")


def simulated(
    settings: Mapping[str, str], entropy: Entropy, names: Iterable[str] = SIMULATED_NAMES
) -> dict[str, Platform]:
    """Return the simulated wallet standing in for each of `names`: practice and replays take no real money.

    `settings` are `url`, `merchant` and `secret` of the simulator.
    """
    platforms: dict[str, Platform] = {}
    for name in names:
        platform = open_platform("wallet", settings, entropy)
        platform.name = name
        platforms[name] = platform
    return platforms
