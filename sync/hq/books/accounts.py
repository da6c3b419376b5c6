"""Merchant accounts as headquarters know them: their books' names, and the platform that answers for each.

A box whose payments headquarters make writes the merchant "hq"; which account that is, the plan (`STATE/pay.toml`) and
the merchants' files say.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from agent.core.payment import Platform
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.plan import PayPlan, load_plan
from sync.platforms.base import NowMs
from sync.platforms.files import FOLDER, merchant_files

_BOOK = re.compile(r"@([a-z0-9_]{1,20}):([0-9A-Za-z_./-]{1,80})")


def book_of(platform: str, merchant: str) -> str | None:
    """Return the book of an account, None for what is no such name."""
    name = f"@{platform}:{merchant}"
    return name if _BOOK.fullmatch(name) else None


def account_of(book: str) -> tuple[str, str]:
    """Return platform and merchant of a book."""
    platform, _, merchant = book.removeprefix("@").partition(":")
    return platform, merchant


class Accounts:
    """The accounts of the merchants' files, opened when they are first needed."""

    def __init__(self, state: Path, merchants: Merchants, plan: PayPlan) -> None:
        self._merchants = merchants
        self._plan = plan
        self._names = [file.stem for file in merchant_files(state / FOLDER)]

    @classmethod
    def open(cls, state: Path, now_ms: NowMs) -> "Accounts":
        """Return the accounts of a state folder. Refuses a wrong `pay.toml` with `config.…`."""
        from sync.hq.pay.serve import SystemEntropy

        plan = load_plan(state)
        return cls(state, Merchants(state, plan, SystemEntropy(), now_ms), plan)

    def number(self, store: str, platform: str, name: str = "") -> str | None:
        """Return the merchant's number behind a store's platform, of the file `name` or the plan's; None: nobody's."""
        file = name or self._merchants.merchant(store, platform)
        found = self._merchants.platform(store, platform, file) if file else None
        return None if found is None else found.merchant

    def platform(self, book: str) -> Platform | None:
        """Return what answers for an account's bills; None for one whose keys are not here."""
        return self._platforms.get(book)

    def books(self) -> list[str]:
        """Return the books of all accounts whose keys are here."""
        return sorted(self._platforms)

    @cached_property
    def _platforms(self) -> Mapping[str, Platform]:
        found: dict[str, Platform] = {}
        for name in self._names:
            opened = self._merchants.of_file(name)
            if opened is not None:
                self._add(found, name, opened)
        for store in self._plan.stores:
            for platform in (*self._plan.of(store).merchants, *self._plan.of(store).settings):
                file = self._merchants.merchant(store, platform)
                opened = self._merchants.platform(store, platform, file) if file else None
                if opened is not None:
                    self._add(found, platform, opened)
        return found

    def _add(self, found: dict[str, Platform], name: str, opened: Platform) -> None:
        """Know an account by the platform's name of its file, and by those that the plan gives it."""
        plans = (self._plan.default, *self._plan.stores.values())
        names = {platform for plan in plans for platform, file in plan.merchants.items() if file == name}
        for platform in names or {name}:
            book = book_of(platform, opened.merchant)
            if book is not None:
                found.setdefault(book, opened)
