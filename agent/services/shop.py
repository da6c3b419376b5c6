"""What a use case works with: journal, clock, catalogue, rules, devices; wired by the daemon, by fakes in tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time, tzinfo
from typing import Any

from agent.core.catalog import Catalog
from agent.core.chain import Identity
from agent.core.directives import Message, StopSale
from agent.core.errors import StoreboxError
from agent.core.lookup import Question, Report
from agent.core.payment import Platform
from agent.core.ports import Clock, Entropy
from agent.core.roles import Matrix
from agent.core.routing import Route
from agent.core.scale_labels import ScaleLayout
from agent.core.tenders import Tender
from agent.services.choices import PendingChoices
from agent.services.in_flight import InFlight
from agent.services.lookups import Lookups
from agent.services.payment_codes import SeenCodes
from agent.services.phone_orders import PhoneOrders
from agent.services.platform_health import PlatformHealth
from agent.services.refunds_in_flight import RefundsInFlight
from agent.store.writer import Writer

Publish = Callable[[str, dict[str, Any]], None]
Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which role, at which till."""

    staff: str
    name: str
    role: str
    till: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person whose PIN or pass was checked."""

    staff: str
    role: str


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What stands on slips and decides days: from settings and the store's directive."""

    name: str
    branch: str
    address: str
    phone: str
    entity: str
    zone: tzinfo
    day_starts: time
    language: str = "zh-CN"
    complaint_phone: str = "12315"
    cash_rounding: bool = False
    receipts: str = "tender"
    """Do receipts print by themselves: as the tender says, or always, ask, never."""
    one_touch: bool = False
    """A payment code over a basket that is not empty is also the wish for the total."""
    own_hosts: frozenset[str] = frozenset()
    """Hosts of the shop's own links, on posters and tables."""
    abandoned: str = "refund"
    """What happens to a payment whose sale no longer wants it: `refund` gives it back, `offer` asks the cashier."""


@dataclass(frozen=True, slots=True)
class TillPlace:
    """A counter: which printer prints its receipts."""

    till: str
    printer: str


@dataclass(frozen=True, slots=True)
class PrintingPlan:
    """What goes to printers beside the receipt, who stands in for whom, by name, and when a drawer is open too long."""

    routes: tuple[Route, ...] = ()
    deputies: Mapping[str, str] = field(default_factory=dict)
    drawer_open_s: int = 60
    """0: never."""


TECHNICIAN = "technician"
"""Who acts where nobody of the staff is logged in: a technician at the box."""


def _nothing(*_: Any) -> None:
    """Nobody listens."""


@dataclass
class Shop:
    """The wired shop. `read` gives this thread's reading connection; `publish` feeds the live pages."""

    identity: Identity
    writer: Writer
    read: Callable[[], Any]
    clock: Clock
    entropy: Entropy
    store: StoreFacts
    catalog: Catalog
    tenders: Mapping[str, Tender]
    matrix: Matrix
    tills: Mapping[str, TillPlace]
    translate: Translate
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    scale_layouts: tuple[ScaleLayout, ...] = ()
    directives: Mapping[str, int] = field(default_factory=dict)
    plan: PrintingPlan = PrintingPlan()
    pepper: bytes = b""
    payer_key: bytes = b""
    """Under which payers and payment codes are hashed; it never leaves the box."""
    logo: Mapping[str, Any] | None = None
    """An `image` block that stands on top of what customers get."""
    choices: PendingChoices = field(default_factory=PendingChoices)
    in_flight: InFlight = field(default_factory=InFlight, init=False)
    refunds_in_flight: RefundsInFlight = field(default_factory=RefundsInFlight, init=False)
    seen_codes: SeenCodes = field(default_factory=SeenCodes, init=False)
    platform_health: PlatformHealth = field(default_factory=PlatformHealth)
    lookups: Lookups = field(default_factory=Lookups)
    ask_headquarters: Callable[[Question], Report] | None = None
    """Asks headquarters about a payment; never raises. None for a shop without one."""
    phone: PhoneOrders | None = None
    """What orders for the customer's own phone need; None where there is no pay page."""
    examiner: Any = None
    """Examines the box (`agent.services.examiner.Examiner`); None where nobody is there to do it."""
    drills: Any = None
    """Drills the box (`agent.diagnosis.drill_by_card.CardDrill`); None where nobody is there to do it."""
    coming_release: Any = None
    """The release that waits (`agent.services.coming_release.ComingRelease`); None where nobody changes releases."""
    publish: Publish = _nothing
    wake_printer: Callable[[str], None] = _nothing
    wake_resolver: Callable[[], None] = _nothing
    wake_uplink: Callable[[], None] = _nothing
    scales: Mapping[str, Any] = field(default_factory=dict)
    """The scales by till, as `agent.services.weighing.Scale` describes them."""
    stop_sale: StopSale = field(default_factory=StopSale)
    """What headquarters let nobody sell."""
    messages: tuple[Message, ...] = ()
    """Lines of headquarters for the counter."""
    lamps: Callable[[], dict[str, dict[str, Any]]] = dict
    uplink_lamp: Callable[[], dict[str, Any]] = dict

    def till_of(self, printer: str) -> str | None:
        """Return the till whose own printer this is, or None."""
        return next((place.till for place in self.tills.values() if place.printer == printer), None)

    def chance(self) -> float:
        """Return a number drawn in [0, 1), by which waits are spread."""
        return int.from_bytes(self.entropy.random_bytes(4), "big") / 2**32

    def tell(self, error: StoreboxError, till: str | None = None) -> None:
        """Say something loud on a till's page, on all of them without one; pages give it its sentences."""
        self.publish(
            "notice",
            {"till": till, "code": error.code, "values": error.values, "family": error.family.value},
        )

    def changed(self, till: str) -> None:
        """Tell pages that a till's state changed, and the uplink that there may be entries."""
        self.publish("state", {"till": till})
        self.wake_uplink()
