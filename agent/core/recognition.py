"""What a recognised code is described by: its kind, its fields, and the till's state that it depends on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from agent.core.scale_labels import ScaleLayout


class Kind(StrEnum):
    """What a code is taken for."""

    PASS = "pass"
    RECEIPT = "receipt"
    COMMAND = "command"
    TEST = "test"
    ENROL = "enrol"
    LOOKUP = "lookup"
    URL = "url"
    ITEM = "item"
    SCALE_ITEM = "scale_item"
    PAYMENT_CODE = "payment_code"
    NAMED_UNSUPPORTED = "named_unsupported"
    ASK = "ask"
    UNKNOWN = "unknown"
    SETUP = "setup"


class Command(StrEnum):
    """What a card of QR commands can say: `X1` and this word."""

    OPENSHIFT = "OPENSHIFT"
    CASH = "CASH"
    CANCEL = "CANCEL"
    XREPORT = "XREPORT"
    ZREPORT = "ZREPORT"
    REPRINT = "REPRINT"
    NOSALE = "NOSALE"
    PAID = "PAID"
    """A customer says "I paid": look the payment up."""
    HELP = "HELP"
    HOLD = "HOLD"
    RECALL = "RECALL"
    SUBTOTAL = "SUBTOTAL"
    DOCTOR = "DOCTOR"
    """Examine the box and print what is not well; works also when nobody is logged in."""


class TechnicianCommand(StrEnum):
    """What a technician may say at a till without a screen: `X1` and this word. None is on the shop's own card."""

    DRILL = "DRILL"
    """Begin the acceptance test, or tell its present step again."""
    DRILLSKIP = "DRILLSKIP"
    """Leave the present step out."""


class SetupCommand(StrEnum):
    """What the slips of people who set up can say: `X1` and this word. None of them means anything in a sale."""

    ENC = "ENC"
    """Printed Chinese is garbled: change the printer's encoding."""
    INVITE = "INVITE"
    """Print the invitation again."""
    PASSCODE = "PASSCODE"
    """Enrol by eight characters that are typed."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a text was taken for; only the fields of its kind are set.

    `text` is the cleaned text and may be a bearer secret: it is never shown, logged or kept; `masked` may be.
    `code` is the stable code of the sentence to show, None when nothing need be said.
    """

    kind: Kind
    text: str = field(default="", repr=False)
    code: str | None = None
    prefix: str | None = None
    """PASS: its two characters, `C1`."""
    command: Command | None = None
    setup: SetupCommand | None = None
    technician: TechnicianCommand | None = None
    number: str | None = None
    """RECEIPT: the sale or refund. LOOKUP: the number to look up."""
    store: str | None = None
    """LOOKUP of a number of ours: the store in it."""
    platform: str | None = None
    """LOOKUP, PAYMENT_CODE: `wechat`, `alipay`. NAMED_UNSUPPORTED: what it is."""
    item: str | None = None
    """ITEM: the code under which the catalogue is asked. SCALE_ITEM: the PLU."""
    known: bool = True
    """ITEM: whether the catalogue has it."""
    weight_g: int | None = None
    amount_fen: int | None = None
    masked: str | None = None
    readings: tuple["Recognition", ...] = ()
    """ASK: what a person may choose from."""


def _never(_code: str) -> bool:
    return False


def _no_price(_plu: str) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Situation:
    """The till's state as far as it decides what a code means."""

    store: str
    total_due: bool = False
    """A total is asked for and not yet covered."""
    basket_empty: bool = True
    login: bool = False
    """Somebody is asked to log in: no payment code is taken."""
    one_touch: bool = False
    """Setting: a payment code with a basket that is not empty is also the wish for the total."""
    own_hosts: frozenset[str] = frozenset()
    scale_layouts: tuple[ScaleLayout, ...] = ()
    has_item: Callable[[str], bool] = _never
    has_plu: Callable[[str], bool] = _never
    plu_price_fen: Callable[[str], int | None] = _no_price
    """Price per kilogram of a PLU, None when it has none."""

    @property
    def takes_payment(self) -> bool:
        """Tell whether a payment code may be taken now."""
        return not self.login and (self.total_due or (self.one_touch and not self.basket_empty))
