"""Kinds, states and alarms in words. Msgids are English; `texts.marked` makes them found for the catalogue."""

from collections.abc import Mapping, Sequence

from agent.core.money import yuan
from agent.core.reconcile.classes import CLASS_WORDS, OWNER_WORDS, SETTLEMENT_WORDS
from agent.core.reconcile.differences import BY_FACTS
from agent.core.reconcile.workflow import DifferenceState
from agent.core.sentences import known_codes, sentence_for
from agent.core.sentences_payment import PLATFORM_WORDS, TENDER_WORDS
from sync.hq.commissioning.rollout import Stage
from sync.hq.pages.overview import Level
from sync.hq.pages.texts import marked
from sync.hq.people.rights import Role

DRILL_STEPS: Mapping[str, str] = {
    "wan": marked("internet cut"),
    "power": marked("power cut"),
    "paper": marked("paper out"),
    "scanner": marked("scanner unplugged"),
    "platform": marked("platform late"),
}
KINDS: Mapping[str, str] = {
    "box.enrolled": marked("Box enrolled"),
    "sale.completed": marked("Sale"),
    "sale.refunded": marked("Refund"),
    "sale.cancelled": marked("Basket given up"),
    "sale.line_removed": marked("Line removed"),
    "attempt.started": marked("Payment begun"),
    "attempt.ended": marked("Payment ended"),
    "attempt.undoing": marked("Payment is being undone"),
    "attempt.parked": marked("Payment put aside"),
    "attempt.contradicted": marked("The platform contradicts itself"),
    "pass.accepted": marked("Pay-proof accepted"),
    "payment.looked_up": marked("Payment looked up"),
    "refund.started": marked("Refund at the platform begun"),
    "refund.ended": marked("Refund at the platform ended"),
    "day.opened": marked("Business day opened"),
    "day.closed": marked("Business day closed"),
    "shift.opened": marked("Shift opened"),
    "shift.closed": marked("Shift closed"),
    "shift.counted": marked("Drawer counted, it differs"),
    "drawer.moved": marked("Drawer"),
    "slip.queued": marked("Slip queued"),
    "slip.printed": marked("Slip printed"),
    "slip.unconfirmed": marked("Slip not confirmed"),
    "slip.not_printed": marked("Slip not printed"),
    "slip.reprinted": marked("Slip printed again"),
    "directive.applied": marked("Directive applied"),
    "staff.approved": marked("Approved by a second person"),
    "staff.changed": marked("Staff changed"),
    "seal": marked("Seal"),
    "bill.matched": marked("Bill matched"),
    "difference.found": marked("Difference found"),
    "difference.settled": marked("Difference settled"),
    "refund.found": marked("Refunded in the portal"),
    "verb.done": marked("Done for headquarters"),
    "hq.rolled_back": marked("Headquarters has an older copy"),
    "clock.jumped": marked("The clock jumped"),
}
OUTCOMES: Mapping[str, str] = {
    "": marked("not known yet"),
    "paid": marked("paid"),
    "declined": marked("declined"),
    "reversed": marked("reversed"),
    "closed": marked("closed unpaid"),
    "never_existed": marked("never reached the platform"),
    "done": marked("done"),
    "refused": marked("refused"),
}
ALARMS: Mapping[str, str] = {
    "upload.gap": marked("A part of the journal is missing"),
    "upload.fork": marked("A second history of this box was sent"),
    "epoch.claimed_twice": marked("Two boxes used one packet"),
    "seal.other_head": marked("A seal does not fit its entries"),
    "seal.wrong_signature": marked("The signature of a seal is wrong"),
    "entry.unreadable": marked("An entry can't be read"),
}
LEVELS: Mapping[Level, str] = {
    Level.BAD: marked("needs you"),
    Level.WARN: marked("look"),
    Level.GOOD: marked("well"),
    Level.NEVER: marked("no box yet"),
}
ROLES: Mapping[Role, str] = {
    Role.ACCOUNTANT: marked("Accountant"),
    Role.LEAD_ACCOUNTANT: marked("Lead accountant"),
    Role.FLEET: marked("Fleet"),
    Role.AUDITOR: marked("Auditor"),
}
LAMPS: Mapping[str, str] = {
    "ok": marked("works"),
    "degraded": marked("works, with trouble"),
    "down": marked("does not work"),
    "absent": marked("not there"),
}
STANDINGS: Mapping[DifferenceState, str] = {
    DifferenceState.OPEN: marked("open"),
    DifferenceState.PROPOSED: marked("waits for approval"),
    DifferenceState.SETTLED: marked("settled"),
}
VERBS: Mapping[str, str] = {
    "print_test_slip": marked("Print a test slip"),
    "examine": marked("Run the doctor"),
    "send_bundle": marked("Send a diagnostics bundle"),
    "send_journal": marked("Send what waits, now"),
    "verify_journal": marked("Verify the journal"),
    "back_up": marked("Copy the journal"),
    "restart": marked("Restart the service"),
}
"""What a box can be asked for (`agent.core.verbs`)."""
ORDER_STATES: Mapping[str, str] = {
    "waiting": marked("no answer yet"),
    "expired": marked("too late, not done"),
    "done": marked("done"),
    "not_done": marked("not done"),
    "refused": marked("refused"),
    "applied": marked("in force"),
}
DAYS: Mapping[str, str] = {
    "open": marked("not closed"),
    "provisional": marked("something outstanding"),
    "closed": marked("being matched"),
    "matched": marked("matched"),
    "settled": marked("settled at the bank"),
}
MILESTONES: Sequence[str] = (
    marked("closed by the store"),
    marked("nothing outstanding"),
    marked("everything matched"),
    marked("money at the bank"),
)
"""What each state but the first has behind it, in their order."""
BILLS: Mapping[str, str] = {
    "ready": marked("bill is here"),
    "not_due": marked("bill not made yet"),
    "overdue": marked("bill overdue"),
    "nothing": marked("platform has no bill"),
}
PAYOUTS: Mapping[str, str] = {
    "settled": marked("at the bank"),
    "waiting": marked("not due yet"),
    "overdue": marked("overdue"),
    "nothing_due": marked("nothing due"),
    "negative": marked("kept from later days"),
}
DEPOSITS: Mapping[str, str] = {
    "in_transit": marked("on its way"),
    "late": marked("late"),
    "arrived": marked("arrived"),
    "differs": marked("arrived, another amount"),
}
STAGES: Mapping[Stage, str] = {
    Stage.PLANNED: marked("planned"),
    Stage.CODE_MADE: marked("code made"),
    Stage.ENROLLED: marked("enrolled, not tested"),
    Stage.TESTED: marked("tested"),
    Stage.SELLING: marked("selling"),
}
FACTS_WORD = marked("explained by facts that came later")
SOURCES: Mapping[str, str] = {"enrolled": marked("enrolled"), "alone": marked("lived alone before")}


def alarm_word(code: str) -> str:
    """Return the msgid of an alarm; an unknown code stands for itself."""
    return ALARMS.get(code, code)


def named(kind: str, chinese: bool) -> str:
    """Return what a tender or platform is called; an unknown one by its own name."""
    word = TENDER_WORDS.get(kind) or PLATFORM_WORDS.get(kind)
    return word[0 if chinese else 1] if word else kind


def class_word(line_class: str, chinese: bool) -> str:
    """Return what a class of matching is called; an unknown one by its own name."""
    return next((pair[0 if chinese else 1] for one, pair in CLASS_WORDS.items() if one == line_class), line_class)


def settlement_word(settlement: str, chinese: bool) -> str:
    """Return what a settlement is called; `facts` and unknown ones by their own name."""
    return next((pair[0 if chinese else 1] for one, pair in SETTLEMENT_WORDS.items() if one == settlement), settlement)


def owner_word(owner: str, chinese: bool) -> str:
    """Return who has to act; an unknown one by its own name."""
    return next((pair[0 if chinese else 1] for one, pair in OWNER_WORDS.items() if one == owner), owner)


def account_word(book: str, chinese: bool) -> str:
    """Return what people call a merchant account: its platform and its number there."""
    platform, mark, merchant = book.removeprefix("@").partition(":")
    return f"{named(platform, chinese)} {merchant}" if mark else book


def by_facts(settlement: str | None) -> bool:
    """Tell whether nobody had to settle it."""
    return settlement == BY_FACTS


def sentence(code: str, values: Mapping[str, int | str | None], chinese: bool) -> tuple[str, str, str]:
    """Return title, detail and remedy of a reason; the remedy may be blank. An account is called by its platform."""
    account = values.get("account")
    told_values = {**values, "account": account_word(account, chinese)} if isinstance(account, str) else values
    said = sentence_for(code, told_values)
    if chinese:
        return said.zh_title, said.zh_detail, said.zh_remedy
    return said.en_title, said.en_detail, said.en_remedy


def place_of(state: str) -> int:
    """Return how far a day has come, from 0 on."""
    return list(DAYS).index(state)


def outcome_of(body: Mapping[str, object]) -> str:
    """Return the msgid of the outcome that an entry names; "" without one that is known."""
    return OUTCOMES.get(_text(body, "outcome") or "—", "")


def told(code: str, chinese: bool) -> str:
    """Return the title of a code that an entry names; the code where no sentence is known."""
    if code not in known_codes():
        return code
    said = sentence_for(code)
    return said.zh_title if chinese else said.en_title


def gist(body: Mapping[str, object], chinese: bool) -> str:
    """Return in a line what an entry is about: number, tender or platform, amount, till, who."""
    parts = [_text(body, name) for name in ("sale", "refund", "attempt", "out_refund_no", "slip", "shift", "day")]
    first = next((part for part in parts if part), "")
    platform, till, staff, code = (_text(body, name) for name in ("platform", "till", "staff", "code"))
    amount_fen = next((body[name] for name in ("total_fen", "amount_fen") if type(body.get(name)) is int), None)
    found = [
        first,
        named(platform, chinese) if platform else "",
        f"¥{yuan(amount_fen)}" if isinstance(amount_fen, int) else "",
        told(code, chinese) if code else "",
        " ".join(filter(None, [f"#{till}" if till else "", staff])),
    ]
    return " · ".join(filter(None, found))


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    return value[:60] if isinstance(value, str) else ""
