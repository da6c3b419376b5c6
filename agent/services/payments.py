"""Taking money on a platform: attempts on disk first, then a resolver that drives each to its end.

No handler waits for a platform: `start_code_payment` and its like answer with the attempt; the resolver asks, waits,
undoes, and completes the sale when the platform's word is in.
"""

from collections.abc import Callable
from typing import Any

from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import AttemptParked
from agent.core.ids import base32_characters
from agent.core.payment import NUMBER_USED, AttemptState, OfferVerdict, Platform, PlatformAnswer, Verdict, Way
from agent.core.phase import Known, phase_of
from agent.core.timing import Method, Timing, end_due_s
from agent.services import attempts
from agent.services.attempts import row as row
from agent.services.attempts import unresolved as unresolved
from agent.services.authority import record_approval, require
from agent.services.in_flight import Flight
from agent.services.journaling import record
from agent.services.settling import release
from agent.services.settling import settle as settle
from agent.services.shop import Actor, Approval, Shop
from agent.services.trade import trading
from agent.store.unit import Unit
from sync.platforms.errors import situation

Shown = dict[str, Any]
Submit = Callable[[], None]
OFFER_ATTEMPTS = 2
PLATFORM_LIFETIME_MIN_S = 60
"""No platform takes an order that lives for less."""


def start_code_payment(
    shop: Shop, actor: Actor, kind: str, auth_code: str, key: str | None = None
) -> tuple[Shown, Submit]:
    """Put an attempt for all that is due on disk; returns the answer and the call that submits it.

    The caller runs the returned call on a thread of its own, at most once; when it never runs (a crash), the resolver
    only ever queries. Refuses a second live attempt for one sale (`sale.attempt_open`) and a payment code that was used
    in the last minutes (`code.used_before`), whatever became of it.
    """
    platform = _platform_for(shop, actor, kind)
    random_characters = base32_characters(shop.entropy.random_bytes(4))
    fresh = False

    def command(unit: Unit) -> Shown:
        nonlocal fresh
        begun = attempts.begin(
            shop,
            unit,
            actor,
            Method.CODE,
            platform.name,
            merchant=platform.merchant,
            custody=platform.custody.value,
            random_characters=random_characters,
            code_tail=auth_code[-4:],
        )
        shop.seen_codes.use(shop.payer_key, auth_code, shop.clock.monotonic_s())
        fresh = True
        return begun

    started: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"kind": kind, "tail": auth_code[-4:]}))
    shop.changed(actor.till)
    shop.wake_resolver()

    def submit() -> None:
        with shop.in_flight.submission(started["attempt"]) as allowed:
            if not allowed:
                return
            answer = platform.pay(started["attempt"], started["amount_fen"], auth_code, shop.store.name)
        if settle(shop, started["attempt"], still_so(shop, platform, answer)) is None:
            shop.wake_resolver()

    return attempt(shop, started["attempt"]), submit if fresh else shop.wake_resolver


def still_so(shop: Shop, platform: Platform, answer: PlatformAnswer) -> PlatformAnswer:
    """Return an answer that the resolver did not ask for; a PAID that comes after the attempt's end is asked again.

    The resolver may have undone the order while that answer was on its way.
    """
    found = attempts.row(shop.read(), answer.out_trade_no)
    overtaken = found is not None and found["state"] not in (AttemptState.OPEN, AttemptState.PARKED)
    return platform.query(answer.out_trade_no) if overtaken and answer.verdict is Verdict.PAID else answer


def start_qr_payment(shop: Shop, actor: Actor, kind: str, key: str | None = None) -> tuple[Shown, Submit]:
    """Put an attempt for all that is due on disk whose QR code the customer scans; returns the answer and the call
    that opens the order.

    The caller runs the returned call on a thread of its own. The code's content is then in the attempt as shown (`qr`),
    in memory only: it is gone after a restart, and the order is closed. It is closed too at the end of its life
    (`Timing.offer_lifetime_s`) and when it is given up. Refuses as `start_code_payment` does.
    """
    platform = _platform_for(shop, actor, kind)
    random_characters = base32_characters(shop.entropy.random_bytes(4))
    lifetime_s = platform.timing.offer_lifetime_s
    fresh = False

    def command(unit: Unit) -> Shown:
        nonlocal fresh
        begun = attempts.begin(
            shop,
            unit,
            actor,
            Method.QR,
            platform.name,
            merchant=platform.merchant,
            custody=platform.custody.value,
            random_characters=random_characters,
            lifetime_s=lifetime_s,
        )
        fresh = True
        return begun

    started: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"kind": kind, "method": "qr"}))
    shop.changed(actor.till)
    shop.wake_resolver()

    def submit() -> None:
        with shop.in_flight.submission(started["attempt"]) as allowed:
            if allowed:
                _open_offer(shop, platform, started, lifetime_s)
        shop.changed(actor.till)
        shop.wake_resolver()

    return attempt(shop, started["attempt"]), submit if fresh else shop.wake_resolver


def _open_offer(shop: Shop, platform: Platform, started: Shown, lifetime_s: float) -> None:
    """Have the platform open the order; one that can't be opened is declined, one of which nobody knows is closed."""
    number: str = started["attempt"]
    expires_at_ms = shop.clock.now_ms() + int(max(lifetime_s, PLATFORM_LIFETIME_MIN_S) * 1000)
    for _ in range(OFFER_ATTEMPTS):
        offer = platform.offer(Way.QR, number, started["amount_fen"], shop.store.name, expires_at_ms)
        if offer.verdict is OfferVerdict.OPEN and offer.qr is not None:
            shop.in_flight.show(number, offer.qr)
            return
        if offer.verdict is OfferVerdict.REFUSED or offer.code == NUMBER_USED:
            settle(shop, number, PlatformAnswer(Verdict.DECLINED, number, code=offer.code))
            return
        shop.in_flight.heard(number, Verdict.UNKNOWN, offer.code)
    shop.in_flight.give_up(number, shop.clock.monotonic_s())


def _platform_for(shop: Shop, actor: Actor, kind: str) -> Platform:
    """Return the platform of a tender; refuses what is not taken here (`payment.not_supported`) or by this actor."""
    tender = shop.tenders.get(kind)
    platform = shop.platforms.get(tender.platform or kind) if tender else None
    if tender is None or platform is None or not tender.enabled:
        raise Refused("payment.not_supported", platform=kind[:40])
    require(shop, actor, tender.act)
    return platform


def attempt(shop: Shop, number: str) -> Shown:
    """Return an attempt as pages see it; refuses an unknown one (`attempt.unknown`).

    `phase` is one of `agent.core.phase.Phase`; `seconds_left` counts to the moment when it is undone or closed by
    itself; `since_ms` is since when the platform does not answer, where the phase says so; `qr` is the content of a
    code to show; `said` what the platform's code means, in both languages; `give_up` tells whether the customer's
    not paying can still be said.
    """
    found = attempts.known(shop.read(), number)
    live = found["state"] in (AttemptState.OPEN, AttemptState.PARKED)
    flight = _flight(shop, found) if live else None
    code = found["code"] or (flight.code if flight is not None else None)
    return {
        "attempt": found["attempt"],
        "sale": found["sale"],
        "platform": found["platform"],
        "method": found["method"],
        "amount_fen": found["amount_fen"],
        "state": found["state"],
        "phase": _phase(shop, found, flight),
        "code": code,
        "said": said(found["platform"], code),
        "started_ms": found["started_ms"],
        "expires_ms": found["expires_ms"],
        "since_ms": shop.platform_health.lamp(found["platform"]).since_ms,
        "seconds_left": 0 if flight is None else _seconds_left(shop, found, flight),
        "qr": None if flight is None else flight.qr or _own_phone(shop, found, flight),
        "give_up": flight is not None and flight.given_up_s is None,
    }


def timing_of(shop: Shop, platform: str) -> Timing:
    """Return a platform's timing; the plain one for a platform that this box does not know any more."""
    known = shop.platforms.get(platform)
    return Timing() if known is None else known.timing


def _flight(shop: Shop, found: dict[str, Any]) -> Flight:
    return shop.in_flight.flight(found, shop.clock.monotonic_s(), shop.clock.now_ms(), shop.chance())


def _seconds_left(shop: Shop, found: dict[str, Any], flight: Flight) -> int:
    due_s = end_due_s(timing_of(shop, found["platform"]), flight.facts())
    return max(0, -int(-(due_s - shop.clock.monotonic_s()) // 1))


def _own_phone(shop: Shop, found: dict[str, Any], flight: Flight) -> str | None:
    """Return the address of an order for the customer's own phone as long as it may be paid, also after a restart."""
    if shop.phone is None or found["method"] != Method.PHONE or flight.given_up_s is not None:
        return None
    return shop.phone.url(found, shop.identity) if shop.clock.now_ms() < (found["expires_ms"] or 0) else None


def _phase(shop: Shop, found: dict[str, Any], flight: Flight | None) -> str:
    name = found["platform"]
    lamp = shop.uplink_lamp().get("hq", {})
    known = Known(
        state=AttemptState(found["state"]),
        method=Method(found["method"]),
        line=shop.platform_health.line(name, lamp.get("state") == "ok"),
        heard=None if flight is None else flight.heard,
        shown=flight is not None and flight.qr is not None,
        undoing=flight is not None and (flight.given_up_s is not None or flight.undos > 0),
        used=bool(found["used"]),
        given_back=attempts.given_back_fen(shop.read(), found["attempt"]) > 0,
    )
    return phase_of(known).value


def said(platform: str, code: str | None, *, refund: bool = False) -> Shown | None:
    """Return what a platform's code means in a payment, or a refund, in both languages, where a table knows it."""
    known = situation(platform, code, refund=refund)
    return None if known is None else {"zh": known.zh, "en": known.en}


def give_up(shop: Shop, actor: Actor, number: str) -> Shown:
    """The customer does not pay after all: undo or close the attempt as soon as it may be; returns it as shown.

    Whoever may take money may say so. Its sale stays with it until that is confirmed: the customer may have paid in the
    same second, and then the sale is paid. Refuses an attempt that has ended (`attempt.ended`).
    """
    found = attempts.known(shop.read(), number)
    if found["state"] not in (AttemptState.OPEN, AttemptState.PARKED):
        raise Refused("attempt.ended", state=found["state"])
    _flight(shop, found)
    shop.in_flight.give_up(number, shop.clock.monotonic_s())
    shop.wake_resolver()
    shop.changed(found["till"])
    return attempt(shop, number)


def park(shop: Shop, actor: Actor, number: str, approval: Approval | None = None) -> Shown:
    """Release the sale of an open attempt to another tender; what the attempt proves later is refunded by itself."""

    def command(unit: Unit) -> Shown:
        found = attempts.known(unit.connection, number)
        if found["state"] != AttemptState.OPEN:
            raise Refused("attempt.ended", state=found["state"])
        approver = require(shop, actor, "park_payment", approval, amount_fen=found["amount_fen"])
        trade = trading(unit.connection, actor)
        record_approval(unit, trade, "park_payment", approver, number, "")
        record(
            unit,
            AttemptParked(**trade.fields(), attempt=number, sale=found["sale"], approved_by=approver or actor.staff),
        )
        release(unit, found)
        return {"sale": found["sale"], "till": found["till"]}

    done: Shown = shop.writer.run(command)
    shop.changed(done["till"])
    return attempt(shop, number)
