"""The journal going up. The journal itself is the outbox: what headquarters acknowledged is a watermark in it.

`Uplink.step` does at most one request and says how long to wait. One *lane* per epoch; lanes with something to send
take turns, the present epoch first. Headquarters is believed only by its signature, and only about a chain that is
ours: a signed head that is not on our chain, or a number beyond our end, means that another history of this epoch
exists, and selling in it must stop. So it must when a receipt says that another box took this one's place.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.core.canonical import canonical
from agent.core.chain import Entry, Identity, first_fault
from agent.core.errors import Credentials, Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.ports import Clock, Entropy, HeartbeatSource, OutgoingJournal
from sync.headquarters import HqClient, Reply
from sync.keylist import KeyRing
from sync.pace import Pace, after_error_s, backoff_s
from sync.wire import ENTRIES_MAX, UPLOAD_BYTES_MAX, Receipt, upload_bytes

_log = logging.getLogger("storebox.uplink")

ENTRIES_MIN = 8
"""A slow line never gets smaller uploads than this, unless headquarters refuses them."""
OTHER_HISTORY = frozenset({"hq.knows_more", "hq.forked"})


@dataclass(frozen=True, slots=True)
class UplinkStatus:
    """What a health page shows; replaced as a whole, so any thread may read it."""

    last_success_ms: int | None = None
    last_error: str | None = None
    failures: int = 0
    blocked: Mapping[int, str] | None = None
    acknowledged_entries: int = 0


@dataclass(slots=True)
class _Lane:
    """How the sending of one epoch stands."""

    epoch: int
    entries_max: int = ENTRIES_MAX
    blocked_by: str | None = None
    blocked_until_s: float = 0.0


class Uplink:
    """Sends the journal to headquarters, exactly once in effect."""

    def __init__(
        self,
        journal: OutgoingJournal,
        client: HqClient,
        keys: KeyRing,
        heartbeat: HeartbeatSource,
        clock: Clock,
        entropy: Entropy,
        *,
        pace: Pace | None = None,
        on_outcome: Callable[[str | None], None] | None = None,
        on_key_list: Callable[[Mapping[str, object]], None] | None = None,
    ) -> None:
        """`on_outcome` hears None or an error code after each request; `on_key_list` should keep a newer key list."""
        self._journal = journal
        self._client = client
        self._keys = keys
        self._heartbeat = heartbeat
        self._clock = clock
        self._entropy = entropy
        self._pace = pace or Pace()
        self._on_outcome = on_outcome or _ignore
        self._on_key_list = on_key_list or _ignore
        self._lanes: dict[int, _Lane] = {}
        self._last_lane: int | None = None
        self._not_before_s = 0.0
        self._heartbeat_due_s = 0.0
        self._key_list_due_s = 0.0
        self._failures = 0
        self._asked_to_wait = False
        self._replaced = False
        self.status = UplinkStatus()

    def step(self) -> float:
        """Do at most one request; return how many seconds may pass before the next step."""
        now_s = self._clock.monotonic_s()
        if now_s < self._not_before_s:
            return self._not_before_s - now_s
        try:
            self._turn(now_s)
        except StoreboxError as error:
            self._failed(error)
        return self._wait_s()

    def hurry(self) -> None:
        """Try again at once after failures, except where headquarters itself asked to wait."""
        if not self._asked_to_wait:
            self._not_before_s = 0.0
        self._heartbeat_due_s = 0.0

    def _turn(self, now_s: float) -> None:
        lane = self._next_lane(now_s)
        if lane is not None and lane.blocked_by is not None:
            self._ask(lane)
        elif lane is not None:
            self._upload(lane)
        elif now_s >= self._heartbeat_due_s:
            self._beat()

    def _wait_s(self) -> float:
        now_s = self._clock.monotonic_s()
        if now_s < self._not_before_s:
            return self._not_before_s - now_s
        if self._next_lane(now_s) is not None:
            return 0.0
        return max(0.0, self._heartbeat_due_s - now_s)

    def _next_lane(self, now_s: float) -> _Lane | None:
        """Return the lane whose turn it is: the present epoch first, then the others around."""
        order = list(reversed(self._journal.epochs()))
        if self._last_lane in order:
            place = order.index(self._last_lane) + 1
            order = order[place:] + order[:place]
        for epoch in order:
            lane = self._lanes.setdefault(epoch, _Lane(epoch))
            if now_s >= lane.blocked_until_s and self._unsent(epoch):
                return lane
        return None

    def _unsent(self, epoch: int) -> bool:
        return self._journal.last_seq(epoch) >= self._journal.watermark(epoch).next_seq

    def _upload(self, lane: _Lane) -> None:
        first_seq = self._journal.watermark(lane.epoch).next_seq
        entries = self._journal.entries(lane.epoch, first_seq, lane.entries_max, UPLOAD_BYTES_MAX)
        previous = self._journal.head_before(lane.epoch, first_seq)
        sound = _sound(previous, first_seq, entries)
        if not sound:
            self._block(lane, "uplink.journal_damaged")
            return
        self._last_lane = lane.epoch
        sender = self._journal.identity()
        identity = replace(sender, epoch=lane.epoch)
        body, count = upload_bytes(identity, previous, sound, self._heartbeat_now())
        try:
            reply = self._client.upload(sender, body)
        except Refused as error:
            self._refused(lane, count, error)
            return
        except UnknownOutcome:
            lane.entries_max = max(min(lane.entries_max, ENTRIES_MIN), count // 2)
            raise
        receipt = self._believed(sender, lane.epoch, reply)
        if lane.blocked_by is None and receipt.next_seq == first_seq and self._on_chain(receipt):
            raise UnknownOutcome("hq.contradicts_itself")
        if reply.accepted:
            lane.entries_max = min(ENTRIES_MAX, lane.entries_max * 2)
        self._take(lane, receipt)

    def _ask(self, lane: _Lane) -> None:
        """Look whether headquarters' place in a blocked lane is ours by now; then let the lane try again."""
        self._last_lane = lane.epoch
        sender = self._journal.identity()
        receipt = self._believed(sender, lane.epoch, self._client.cursor(sender, lane.epoch))
        if lane.blocked_by not in OTHER_HISTORY:
            lane.blocked_by = None
        self._take(lane, receipt)

    def _beat(self) -> None:
        sender = self._journal.identity()
        self._heartbeat_due_s = self._clock.monotonic_s() + self._pace.heartbeat_s
        reply = self._client.beat(sender, self._heartbeat_now())
        receipt = self._believed(sender, sender.epoch, reply)
        self._take(self._lanes.setdefault(sender.epoch, _Lane(sender.epoch)), receipt)

    def _believed(self, sender: Identity, epoch: int, reply: Reply) -> Receipt:
        """Return the receipt when it is signed by headquarters and for this store, box and epoch."""
        receipt = reply.receipt
        if receipt.identity != replace(sender, epoch=epoch):
            raise UnknownOutcome("hq.receipt_of_another")
        fault = self._keys.fault("receipt", receipt.identity, receipt.document, receipt.at_ms)
        if fault == "keys.unknown_kid" and self._refreshed_keys():
            fault = self._keys.fault("receipt", receipt.identity, receipt.document, receipt.at_ms)
        if fault is not None:
            raise UnknownOutcome("hq.receipt_not_signed", reason=fault)
        if reply.key_list_version > self._keys.version:
            self._follow_key_list()
        return receipt

    def _follow_key_list(self) -> None:
        """Fetch a newer list, which may name other servers' keys; entries do not wait for it."""
        try:
            self._refreshed_keys()
        except StoreboxError as error:
            _log.warning("a newer key list did not come: %s", error)  # the next receipt tells of it again

    def _refreshed_keys(self) -> bool:
        now_s = self._clock.monotonic_s()
        if now_s < self._key_list_due_s:
            return False
        self._key_list_due_s = now_s + self._pace.key_list_s
        newer = self._keys.replace(self._client.key_list())
        if newer:
            self._on_key_list(self._keys.document)
        return newer

    def _take(self, lane: _Lane, receipt: Receipt) -> None:
        """Follow a believed receipt, or stop the epoch when it tells of another history."""
        self._succeeded()
        self._heed_replacement(receipt)
        if receipt.next_seq > self._journal.last_seq(lane.epoch) + 1:
            self._other_history(lane, "hq.knows_more")
        elif not self._on_chain(receipt):
            self._other_history(lane, "hq.forked")
        else:
            self._follow(lane, receipt)

    def _heed_replacement(self, receipt: Receipt) -> None:
        """Stop selling when another box took this one's place; what is here still goes up."""
        present = self._journal.identity().epoch
        newer = receipt.replaced_by is not None and receipt.replaced_by > present
        if newer and receipt.identity.epoch == present and not self._replaced:
            self._replaced = True
            self._journal.stop_epoch("box.replaced")

    def _on_chain(self, receipt: Receipt) -> bool:
        epoch, next_seq = receipt.identity.epoch, receipt.next_seq
        return (
            next_seq <= self._journal.last_seq(epoch) + 1 and self._journal.head_before(epoch, next_seq) == receipt.head
        )

    def _follow(self, lane: _Lane, receipt: Receipt) -> None:
        if lane.blocked_by in OTHER_HISTORY:
            lane.blocked_by, lane.blocked_until_s = None, 0.0
        before = self._journal.watermark(lane.epoch).next_seq
        if receipt.next_seq == before:
            return
        self._journal.record_receipt(receipt.document)
        if receipt.next_seq < before:
            self._wait(backoff_s(self._pace, 1, self._entropy))
        else:
            done = self.status.acknowledged_entries + receipt.next_seq - before
            self.status = replace(self.status, acknowledged_entries=done)

    def _other_history(self, lane: _Lane, code: str) -> None:
        """Stop selling in the present epoch; an old one is only left alone."""
        if lane.blocked_by != code and lane.epoch == self._journal.identity().epoch:
            self._journal.stop_epoch(code)
        self._block(lane, code)

    def _refused(self, lane: _Lane, count: int, error: Refused) -> None:
        """Find the entry that headquarters refuses by sending less each time; then leave the lane for a while."""
        if count > 1:
            lane.entries_max = count // 2
            self._wait(backoff_s(self._pace, 1, self._entropy))
        else:
            self._block(lane, error.code)
        self._told(error.code)

    def _block(self, lane: _Lane, code: str) -> None:
        lane.blocked_by = code
        lane.blocked_until_s = self._clock.monotonic_s() + self._pace.blocked_s
        self._told(code)

    def _heartbeat_now(self) -> Mapping[str, object]:
        """Return the heartbeat; one that can't be written must not keep entries back."""
        heartbeat = self._heartbeat.heartbeat()
        try:
            canonical(heartbeat)
        except StoreboxError as error:
            return {"heartbeat_error": error.code}
        return heartbeat

    def _succeeded(self) -> None:
        self._failures = 0
        self._asked_to_wait = False
        self._not_before_s = 0.0
        self._heartbeat_due_s = self._clock.monotonic_s() + self._pace.heartbeat_s
        now_ms = self._clock.now_ms()
        self.status = replace(self.status, last_success_ms=now_ms, last_error=None, failures=0, blocked=self._blocked())
        self._on_outcome(None)

    def _failed(self, error: StoreboxError) -> None:
        self._failures += 1
        self._asked_to_wait = bool(error.values.get("retry_after_s"))
        wait_s = after_error_s(self._pace, error, self._failures, self._entropy)
        if isinstance(error, Credentials):
            wait_s = max(wait_s, self._pace.credentials_s)
        self._wait(wait_s)
        self._told(error.code)
        self._on_outcome(error.code if isinstance(error, TryLater | UnknownOutcome) else None)

    def _told(self, code: str) -> None:
        self.status = replace(self.status, last_error=code, failures=self._failures, blocked=self._blocked())

    def _blocked(self) -> Mapping[int, str] | None:
        return {lane.epoch: lane.blocked_by for lane in self._lanes.values() if lane.blocked_by} or None

    def _wait(self, wait_s: float) -> None:
        self._not_before_s = self._clock.monotonic_s() + wait_s


def _sound(previous: bytes, first_seq: int, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the entries before the first one that breaks the chain."""
    fault = first_fault(previous, first_seq, entries)
    return entries if fault is None else entries[: fault.seq - first_seq]


def _ignore(_: object) -> None:
    """Hear nothing."""
