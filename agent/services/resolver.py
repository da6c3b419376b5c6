"""The resolver: drives every open attempt and every started platform refund to its end, across restarts and days."""

from typing import Any

from agent.core.events import RefundEnded
from agent.core.payment import PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from agent.services.journaling import record
from agent.services.payments import settle, timing_of, unresolved
from agent.services.shop import Shop
from agent.services.trade import Trade
from agent.store.unit import Unit
from sync.threads import StepThread

QUERY_EVERY_S = 2.0
REFUND_EVERY_S = 5.0
BACKOFF_MAX_S = 60.0
IDLE_S = 3600.0


class Resolver:
    """One thread; wakes when an attempt starts, sleeps for as long as nothing is open."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._misses = 0
        self._thread = StepThread("resolver", self.step)

    def start(self) -> None:
        """Begin; open attempts of an earlier run are taken up at once."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to resolve."""
        self._thread.wake()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the present step."""
        self._thread.stop(timeout_s)

    def step(self) -> float:
        """Ask once about everything that is open; returns seconds until the next time."""
        connection = self._shop.read()
        attempts = unresolved(connection)
        refunds = started_refunds(connection)
        if not attempts and not refunds:
            self._misses = 0
            return IDLE_S
        moved = [self._resolve_attempt(found) for found in attempts]
        moved += [self._resolve_refund(found) for found in refunds]
        self._misses = 0 if any(moved) else self._misses + 1
        return min(BACKOFF_MAX_S, (QUERY_EVERY_S if attempts else REFUND_EVERY_S) * 1.5 ** max(0, self._misses - 10))

    def _resolve_attempt(self, found: dict[str, Any]) -> bool:
        platform = self._shop.platforms.get(found["platform"])
        if platform is None:
            return False
        waited_s = (self._shop.clock.now_ms() - found["started_ms"]) / 1000
        if waited_s < QUERY_EVERY_S:
            return False
        answer = platform.query(found["attempt"])
        late = waited_s >= timing_of(self._shop, found["platform"]).deadline_s
        if late and answer.verdict in (Verdict.PENDING, Verdict.NOT_FOUND):
            answer = platform.reverse(found["attempt"])
        elif answer.verdict is Verdict.NOT_FOUND:
            answer = PlatformAnswer(Verdict.UNKNOWN, found["attempt"])
        return settle(self._shop, found["attempt"], answer) is not None

    def _resolve_refund(self, found: dict[str, Any]) -> bool:
        platform = self._shop.platforms.get(found["platform"])
        if platform is None:
            return False
        answer = platform.query_refund(found["attempt"], found["out_refund_no"])
        if answer.verdict is RefundVerdict.NOT_FOUND:
            answer = platform.refund(
                found["attempt"], found["out_refund_no"], found["amount_fen"], found["attempt_fen"]
            )
        return end_refund(self._shop, found, answer)


def started_refunds(connection: Any) -> list[dict[str, Any]]:
    """Return every platform refund without an end, oldest first."""
    names = "out_refund_no, attempt, platform, till, shift, staff, day, amount_fen, attempt_fen"
    rows = connection.execute(
        "SELECT r.out_refund_no, r.attempt, r.platform, r.till, r.shift, r.staff, r.day, r.amount_fen, a.amount_fen"
        " FROM view_platform_refund r JOIN view_attempt a ON a.attempt = r.attempt"
        " WHERE r.state = 'started' ORDER BY r.started_ms"
    ).fetchall()
    return [dict(zip(names.split(", "), found, strict=True)) for found in rows]


def end_refund(shop: Shop, found: dict[str, Any], answer: RefundAnswer) -> bool:
    """Take in a platform's word on a refund; True when it ended. What is accepted only, or unknown, stays started."""
    if answer.verdict not in (RefundVerdict.DONE, RefundVerdict.REFUSED):
        return False

    def command(unit: Unit) -> bool:
        state = unit.connection.execute(
            "SELECT state FROM view_platform_refund WHERE out_refund_no = ?", (found["out_refund_no"],)
        ).fetchone()
        if state is None or state[0] != "started":
            return False
        trade = Trade(found["till"], found["shift"], found["staff"], found["day"])
        done = answer.verdict is RefundVerdict.DONE
        customer_fen = found["amount_fen"] - answer.platform_fen if answer.customer_fen is None else answer.customer_fen
        record(
            unit,
            RefundEnded(
                **trade.fields(),
                out_refund_no=found["out_refund_no"],
                attempt=found["attempt"],
                platform=found["platform"],
                amount_fen=found["amount_fen"],
                outcome="done" if done else "refused",
                refund_transaction=answer.refund_transaction,
                customer_fen=customer_fen if done else 0,
                platform_fen=answer.platform_fen if done else 0,
                code=answer.code,
            ),
        )
        return True

    ended: bool = shop.writer.run(command)
    if ended:
        shop.changed(found["till"])
    return ended
