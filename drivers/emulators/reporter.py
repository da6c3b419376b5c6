"""What the printer says unasked: ASB when something changes, XOFF and XON as its buffer fills."""

from __future__ import annotations

from drivers.emulators.health import Health, automatic_status, automatic_status_part
from drivers.emulators.profiles import Profile
from drivers.emulators.replies import XOFF, XON, Replies


class Reporter:
    """Compares the printer with what it last said. `holding` is BUSY: the host should wait."""

    def __init__(self, profile: Profile, health: Health, replies: Replies) -> None:
        self._profile = profile
        self._health = health
        self._replies = replies
        self._last_status = automatic_status(health)
        self.holding = False

    def say(self, data: bytes, at_s: float) -> None:
        """An answer, unless this printer never answers."""
        if self._profile.answers:
            self._replies.say(data, at_s)

    def compare(self, asb_mask: int, free_bytes: int, stuck: bool, now_s: float) -> None:
        """Say what changed: status that `GS a` watches, and the state of the buffer."""
        status = automatic_status(self._health)
        if status != self._last_status:
            before, self._last_status = self._last_status, status
            if automatic_status_part(before, asb_mask) != automatic_status_part(status, asb_mask):
                self.say(status, now_s)
        if not self.holding and free_bytes <= self._profile.busy_at_bytes:
            self._hold(True, now_s)
        elif self.holding and free_bytes >= self._profile.ready_at_bytes and not stuck:
            self._hold(False, now_s)

    def _hold(self, holding: bool, now_s: float) -> None:
        self.holding = holding
        if self._profile.flow == "xonxoff":
            self._replies.say(XOFF if holding else XON, now_s)
