"""What a box was told of numbers that an earlier box gave before: heard by it, and not only said on the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.core.payment import NUMBER_USED, Offer, PlatformAnswer

WRITTEN_WITHIN_S = 1.0
"""What was heard so shortly before the power was cut may not be on disk."""


class Watched:
    """A platform as the box has it; what its submissions hear of used numbers is noted."""

    def __init__(self, honest: Any, note: Callable[[str], None]) -> None:
        self._honest = honest
        self._note = note
        self.name = honest.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)

    def pay(self, *arguments: Any) -> PlatformAnswer:
        answer: PlatformAnswer = self._honest.pay(*arguments)
        if answer.code == NUMBER_USED:
            self._note(answer.out_trade_no)
        return answer

    def offer(self, *arguments: Any) -> Offer:
        offer: Offer = self._honest.offer(*arguments)
        if offer.code == NUMBER_USED:
            self._note(offer.out_trade_no)
        return offer


class UsedNumbers:
    """Numbers of which the box heard that they are used, and when."""

    def __init__(self, now_s: Callable[[], float], tell: Callable[[str], None], is_open: Callable[[str], bool]) -> None:
        self.heard: dict[str, float] = {}
        self._now_s = now_s
        self._tell = tell
        self._is_open = is_open

    def watch(self, platform: Any) -> Watched:
        """Return a platform whose answers are listened to."""
        return Watched(platform, self._hear)

    def lost_with_the_power(self) -> None:
        """The box is dead; it may not have written what it heard last."""
        written_s = self._now_s() - WRITTEN_WITHIN_S
        self.heard = {number: at_s for number, at_s in self.heard.items() if at_s < written_s}

    def _hear(self, number: str) -> None:
        self._tell(f"the box hears that {number} is a used number")
        if self._is_open(number):
            self.heard.setdefault(number, self._now_s())
