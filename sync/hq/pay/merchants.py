"""The merchants of headquarters: a store's platform is opened from its merchant's file when it is first needed."""

import threading
from collections.abc import Mapping
from pathlib import Path

from agent.core.errors import Refused, StoreboxError
from agent.core.payment import Platform
from agent.core.ports import Entropy
from sync.hq.pay.plan import PayPlan
from sync.platforms.base import NowMs, open_platform, wall_ms
from sync.platforms.files import FOLDER, merchant_files, settings_in

_Key = tuple[str, str, tuple[tuple[str, str], ...]]


class Merchants:
    """Platforms by store, kept open with their connections; a wrong file takes away its own merchant only."""

    def __init__(
        self,
        state: Path,
        plan: PayPlan,
        entropy: Entropy,
        now_ms: NowMs = wall_ms,
        further: Mapping[str, Platform] | None = None,
    ) -> None:
        """`further` are platforms without a merchant's file, by name, the same for every store."""
        self._plan = plan
        self._entropy = entropy
        self._now_ms = now_ms
        self._further = dict(further or {})
        self._files = {file.stem: file for file in merchant_files(state / FOLDER)}
        self._open: dict[_Key, Platform] = {}
        self._lock = threading.Lock()

    def add(self, name: str, platform: Platform) -> None:
        """Serve a platform without a merchant's file too, the same for every store."""
        self._further[name] = platform

    def merchant(self, store: str, platform: str) -> str:
        """Return which merchant takes money for a store on a platform; "" when none does."""
        if platform in self._further:
            return platform
        name = self._plan.of(store).merchant(platform)
        return name if name in self._files else ""

    def platform(self, store: str, platform: str, merchant: str) -> Platform | None:
        """Return the platform of a merchant as a store uses it; None when the merchant has no file or a wrong one."""
        if platform in self._further:
            return self._further[platform]
        file = self._files.get(merchant)
        if file is None:
            return None
        own = self._plan.of(store).settings.get(platform, {})
        key = (platform, merchant, tuple(sorted(own.items())))
        with self._lock:
            found = self._open.get(key)
            if found is None:
                try:
                    found = self._opened(file, platform, own)
                except StoreboxError:
                    return None
                self._open[key] = found
        return found

    def of_file(self, merchant: str) -> Platform | None:
        """Return the platform of a merchant's file, without any store's own settings; None without one, or a wrong one.

        Enough to check what the platform tells of the merchant; stores are paid by `platform`.
        """
        file = self._files.get(merchant)
        if file is None:
            return None
        key = ("", merchant, ())
        with self._lock:
            if key not in self._open:
                try:
                    self._open[key] = self._opened(file, merchant, {})
                except StoreboxError:
                    return None
            return self._open[key]

    def problems(self) -> list[StoreboxError]:
        """Return what is wrong with the merchants' files, and which names of the plan have none."""
        found: list[StoreboxError] = []
        for name, file in self._files.items():
            try:
                self._opened(file, name, {})
            except StoreboxError as error:
                found.append(error)
        plans = (self._plan.default, *self._plan.stores.values())
        named = {merchant for plan in plans for merchant in plan.merchants.values() if merchant}
        return found + [Refused("wish.no_merchant", merchant=name) for name in sorted(named - set(self._files))]

    def _opened(self, file: Path, platform: str, own: Mapping[str, str]) -> Platform:
        settings = {**settings_in(file), **own}
        opened = open_platform(settings.get("platform") or platform, settings, self._entropy, now_ms=self._now_ms)
        opened.name = platform
        return opened
