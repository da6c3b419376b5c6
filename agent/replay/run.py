"""`storebox replay`: from the file to the last acknowledged entry, resumable at any point."""

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.core.chain import Identity
from agent.core.errors import Broken, Refused
from agent.core.ids import checked_id
from agent.core.payment import Platform
from agent.daemon.box import JOURNAL, Box, Outside, begin_journal
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.daemon.lock import StateLock
from agent.replay.baskets import Basket, RefusedBasket, of_one_store, understood
from agent.replay.clock import BasketClock
from agent.replay.counter import Counter, Tally, attempted
from agent.replay.surroundings import Surroundings, enrolment_token
from agent.services import staff
from agent.services.shop import Actor
from agent.settings import Settings, Store, Till
from agent.store.connection import open_reader
from sync.enrol import Enrolment, enrol, enrol_alone, load_enrolment
from sync.session import HttpSession

BACKLOG_MAX = 64
"""Slips that may wait for the printer before the counter waits for it."""
DRAIN_TIMEOUT_S = 600.0
WALLET = "wechat"
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay, and where. URLs name surroundings that others run; None starts our own."""

    file: Path
    state: Path
    limit: int | None = None
    till: str = "1"
    printer_url: str | None = None
    hq_url: str | None = None
    hq_token: str | None = None
    wallet_url: str | None = None
    wallet_state: Path | None = None
    with_wallet: bool = True
    drain: bool = True


def lines_of(file: Path) -> Iterator[str]:
    """Return the lines of a file, gzipped or not, one basket each; blank lines are none.

    Refuses a file that can't be read or unpacked (`replay.unreadable`).
    """
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as text:
            for line in text:
                if line.strip():
                    yield line.decode("utf-8-sig", errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise Refused("replay.unreadable", file=str(file), reason=str(error)[:120]) from error


def replay(plan: Plan, advance: Advance) -> dict[str, Any]:
    """Ring the file up and return the summary; refuses an unreadable file and a store without a usable number."""
    settings = Settings(state=plan.state)
    found = [understood(line, settings.zone) for line in lines_of(plan.file)]
    if plan.limit is not None:
        found = found[: plan.limit]
    found = of_one_store(found)
    good = [one for one in found if isinstance(one, Basket)]
    if not good:
        raise Refused("replay.no_baskets", file=str(plan.file))
    store = checked_id(good[0].store.upper(), "store")
    plan.state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(StateLock(plan.state))
        around = stack.enter_context(Surroundings(plan.state))
        hq_url = _enrolled(plan, around, store, good[0].at_ms)
        printer_url = plan.printer_url or around.printer()
        box, clock = _box(plan, around, store, printer_url, hq_url, good[0].at_ms)
        stack.callback(box.stop)
        box.start()
        tally = _ring_all(box, clock, plan, found, advance)
        _finish(box, plan, hq_url)
        return _summary(box, tally, found)


def _enrolled(plan: Plan, around: Surroundings, store: str, at_ms: int) -> str | None:
    """Start headquarters and enrol the box there on the first run; returns the URL to send to."""
    hq_url, hq_state = (plan.hq_url, None) if plan.hq_url else around.headquarters()
    enrolment = load_enrolment(plan.state)
    if enrolment is None:
        token = plan.hq_token or (enrolment_token(hq_state, store) if hq_state else None)
        if token is None or hq_url is None:
            enrolment = enrol_alone(plan.state, store, "B1")
        else:
            enrolment = enrol(HttpSession(hq_url), plan.state, token, store, "B1")
    if enrolment.identity.store != store:
        raise Refused("replay.other_store", store=enrolment.identity.store)
    _begin(plan.state, enrolment, at_ms)
    return hq_url


def _begin(state: Path, enrolment: Enrolment, at_ms: int) -> None:
    begin_journal(state, enrolment, BasketClock(at_ms))


def _last_entry_ms(state: Path, identity: Identity) -> int:
    connection = open_reader(state / JOURNAL)
    try:
        return int(connection.execute("SELECT coalesce(max(at_ms), 0) FROM journal").fetchone()[0])
    finally:
        connection.close()


def _box(
    plan: Plan, around: Surroundings, store: str, printer_url: str, hq_url: str | None, first_ms: int
) -> tuple[Box, BasketClock]:
    enrolment = load_enrolment(plan.state)
    if enrolment is None:
        raise Broken("box.not_enrolled", state=str(plan.state))
    clock = BasketClock(max(first_ms, _last_entry_ms(plan.state, enrolment.identity)))
    till = Till(till=plan.till, printer=printer_url, profile="tm-t88")
    settings = Settings(state=plan.state, store=Store(name="Grocery", branch=store, entity="Grocery")).model_copy(
        update={"tills": (till,)}
    )
    platforms = _platforms(plan, around)
    outside = Outside(clock, SystemEntropy(), _quiet, platforms, link_clock=SystemClock())
    return Box(settings, outside, hq_url=hq_url), clock


def _platforms(plan: Plan, around: Surroundings) -> dict[str, Platform]:
    if not plan.with_wallet:
        return {}
    from agent.daemon.platforms import simulated
    from sync.simulator.serve import wallet_settings

    url = plan.wallet_url or around.wallet()
    folder = plan.wallet_state or plan.state / "wallet"
    return simulated(wallet_settings(folder, url), SystemEntropy(), (WALLET,))


def _quiet(kind: str, data: dict[str, Any]) -> None:
    """Nobody watches a replay's pages."""


def _ring_all(box: Box, clock: BasketClock, plan: Plan, found: list[Basket | RefusedBasket], advance: Advance) -> Tally:
    actor = Actor("01", "Replay", "store_manager", plan.till)
    if not any(one["staff"] == actor.staff for one in staff.people(box.shop)):
        staff.add_person(box.shop, actor.staff, actor.name, actor.role, "000000", by="replay")
    counter = Counter(box.shop, actor, clock, WALLET if plan.with_wallet else None)
    counter.take_up()
    tally = Tally()
    for done, basket in enumerate(found, 1):
        tally.baskets += 1
        refusal = _one(counter, basket, tally)
        if refusal is not None:
            tally.refused.append(refusal)
        _keep_pace(box, BACKLOG_MAX)
        advance(done)
    counter.close_day()
    return tally


def _one(counter: Counter, basket: Basket | RefusedBasket, tally: Tally) -> RefusedBasket | None:
    if isinstance(basket, RefusedBasket):
        return basket
    if counter.known(basket.number):
        tally.known += 1
        return None
    return attempted(counter.ring_up, basket)


def _waiting_slips(box: Box) -> int:
    row = box.shop.read().execute("SELECT count(*) FROM spool WHERE state IN ('queued', 'sending')").fetchone()
    return int(row[0])


def _keep_pace(box: Box, slips_max: int) -> None:
    """Let the printer catch up: a queue in front of a counter has an end too."""
    pause = threading.Event()
    while _waiting_slips(box) > slips_max:
        pause.wait(0.002)


def _finish(box: Box, plan: Plan, hq_url: str | None) -> None:
    """Wait until every slip is out and headquarters has acknowledged every entry; nothing is written after that."""
    _keep_pace(box, 0)
    if not plan.drain or hq_url is None or box.headquarters.uplink is None:
        return
    clock, pause = SystemClock(), threading.Event()
    deadline_s = clock.monotonic_s() + DRAIN_TIMEOUT_S
    box.headquarters.hurry()
    while box.unsent() > 0:
        if clock.monotonic_s() > deadline_s:
            raise Broken("replay.not_drained", unsent=box.unsent())
        pause.wait(0.05)


def _summary(box: Box, tally: Tally, found: list[Basket | RefusedBasket]) -> dict[str, Any]:
    connection = box.shop.read()

    def one(sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0])

    first = "FROM view_slip WHERE copy = 0 AND purpose IN ('receipt', 'refund') AND state"
    return {
        "baskets": len(found),
        "completed": one("SELECT count(*) FROM view_sale WHERE reference IS NOT NULL"),
        "refunded": one("SELECT count(*) FROM view_refund WHERE reference IS NOT NULL"),
        "refused": [{"basket": refusal.number, "code": refusal.code} for refusal in tally.refused],
        "paid_fen": one(
            "SELECT coalesce((SELECT sum(total_fen) FROM view_sale), 0)"
            " - coalesce((SELECT sum(total_fen) FROM view_refund), 0)"
        ),
        "slips_printed": one(f"SELECT count(*) {first} IN ('printed', 'printed_unverified')"),
        "slips_unconfirmed": one(f"SELECT count(*) {first} = 'unconfirmed'"),
        "journal_entries": one("SELECT count(*) FROM journal"),
        "hq_acked": one("SELECT coalesce((SELECT next_seq FROM receipt ORDER BY id DESC LIMIT 1), 1) - 1"),
        "known_before": tally.known,
    }
