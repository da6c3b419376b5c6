"""One box: journal, shop, devices, resolver and the way to headquarters, started and stopped together."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.core.errors import Broken, Refused
from agent.core.payment import Platform
from agent.core.ports import Clock, Entropy
from agent.core.routing import Route, StationSlip
from agent.daemon.background import in_background
from agent.daemon.directives import apply
from agent.daemon.displays import followed
from agent.daemon.headquarters import Headquarters
from agent.daemon.logo import logo_of
from agent.disk import write_private
from agent.services import health, staff
from agent.services.coming_release import ComingRelease
from agent.services.language import translator
from agent.services.phone_orders import PhoneOrders
from agent.services.platform_health import PlatformHealth
from agent.services.resolver import Resolver
from agent.services.scanning import scanned
from agent.services.shop import PrintingPlan, Shop, StoreFacts, TillPlace
from agent.settings import Settings, receipt_printer
from agent.store import journal, views
from agent.store.connection import Readers, open_reader
from agent.store.outgoing import Outgoing
from agent.store.set_aside import finish
from agent.store.verify import verify_tail
from agent.store.writer import Writer
from sync.enrol import Enrolment, device_key, enrol_alone, load_enrolment
from sync.keys import FileKey

if TYPE_CHECKING:
    from agent.daemon.directives_down import DirectivesDown
    from agent.services.bills import Bills

log = logging.getLogger("storebox.box")

JOURNAL = "journal.db"
Publish = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Outside:
    """What a box gets from outside: time, randomness, live pages, platforms."""

    clock: Clock
    entropy: Entropy
    publish: Publish
    platforms: Mapping[str, Platform]
    link_clock: Clock | None = None
    """The clock of the way to headquarters, when trade goes by another (a replay's)."""
    platform_health: PlatformHealth | None = None
    """Hears how calls to the platforms end; None where nobody shows it."""


def enrolment_of(state: Path) -> Enrolment:
    """Return who this box is; refuses one that was never enrolled (`box.not_enrolled`)."""
    enrolment = load_enrolment(state)
    if enrolment is None:
        raise Refused("box.not_enrolled", state=str(state))
    return enrolment


def enrol_without_headquarters(state: Path, store: str, box: str, clock: Clock) -> Enrolment:
    """Enrol a shop on its own and begin its journal; a box that is enrolled already stays what it is."""
    enrolment = load_enrolment(state) or enrol_alone(state, store, box)
    begin_journal(state, enrolment, clock)
    return enrolment


def begin_journal(state: Path, enrolment: Enrolment, clock: Clock) -> None:
    """Write the first entry of an enrolled box's journal, once; ends a setting aside that a power cut broke off.

    Raises `Broken("journal.other_epoch")` where a power cut came between a new enrolment and its journal: the old file
    is not traded on under the new name.
    """
    path = state / JOURNAL
    finish(path)
    try:
        journal.enrol(
            path,
            enrolment.identity,
            views=views,
            at_ms=clock.now_ms(),
            public_key=enrolment.public_key,
            previous=enrolment.previous,
        )
    except Refused as error:
        if error.code != "store.already_enrolled":
            raise
        _check_identity(path, enrolment)


def _check_identity(path: Path, enrolment: Enrolment) -> None:
    connection = open_reader(path)
    try:
        found = journal.identity(connection)
    finally:
        connection.close()
    if found != enrolment.identity:
        raise Broken("journal.other_epoch", journal=str(found), enrolled=str(enrolment.identity))


def _own_key(state: Path, name: str, entropy: Entropy) -> bytes:
    """Return a key of this box, made once: `pepper` of the PINs, `payer` of the hashes of payers and codes."""
    path = state / "keys" / name
    if not path.exists():
        write_private(path, entropy.random_bytes(32))
    return path.read_bytes()


class Box:
    """A box that trades. `start` begins devices, resolver and uplink; `stop` ends them and closes the journal."""

    def __init__(self, settings: Settings, outside: Outside, *, hq_url: str | None = None) -> None:
        """Open the journal and wire the shop; raises what stops the box from selling, with its remedy's code."""
        state = settings.state
        self.settings = settings
        self.enrolment = enrolment_of(state)
        path = state / JOURNAL
        begin_journal(state, self.enrolment, outside.clock)
        _check_tail(path)
        signer, key_fault = self._key(state)
        self.writer = Writer(path, views=views, clock=outside.clock, signer=signer)
        self.readers = Readers(path)
        directives = apply(self.writer, state)
        self.shop = Shop(
            identity=self.enrolment.identity,
            writer=self.writer,
            read=self.readers.get,
            clock=outside.clock,
            entropy=outside.entropy,
            store=store_facts(settings),
            catalog=directives.catalog,
            tenders=directives.tenders,
            matrix=directives.matrix,
            tills={till.till: TillPlace(till.till, receipt_printer(till.till)) for till in settings.tills},
            translate=translator(settings.language),
            platforms=outside.platforms,
            scale_layouts=directives.scale_layouts,
            directives=directives.versions,
            plan=printing_plan(settings),
            pepper=_own_key(state, "pepper", outside.entropy),
            payer_key=_own_key(state, "payer", outside.entropy),
            publish=outside.publish,
            logo=logo_of(state, settings.store.logo),
        )
        self.devices = self._devices()
        self.resolver = Resolver(self.shop)
        outgoing = Outgoing(self.writer, self.readers)
        self.headquarters = Headquarters(
            self.shop,
            state,
            self.enrolment,
            signer,
            outgoing,
            outside.link_clock or outside.clock,
            outside.entropy,
            hq_url,
            key_fault,
        )
        self.directives = self._directives(outside, signer)
        if settings.payments.page and self.enrolment.key_ring() is not None and signer is not None:
            self.shop.phone = PhoneOrders(settings.payments.page, signer, self.headquarters.proof_keys)
        self.shop.wake_printer = self.devices.wake
        self.shop.wake_resolver = self.resolver.wake
        self.shop.wake_uplink = self.headquarters.wake
        self.shop.lamps = self.devices.lamps
        if outside.platform_health is not None:
            self.shop.platform_health = outside.platform_health
            outside.platform_health.changed = lambda: self.shop.publish("lamps", health.lamps(self.shop))
        self.shop.coming_release = ComingRelease(state, outside.clock)
        self.shop.scales = self.devices.scales
        self.shop.publish = followed(outside.publish, self.devices.till_changed)
        self.shop.uplink_lamp = self.headquarters.lamp

    def _key(self, state: Path) -> tuple[FileKey | None, str | None]:
        """Return the box's key, or why there is none: then trade goes on unsealed, and headquarters hear nothing."""
        try:
            return device_key(state, self.enrolment), None
        except Broken as error:
            log.error("trading without the box's key: %s", error)
            return None, error.code

    @cached_property
    def bills(self) -> "Bills":
        """Return the box's own matching; loaded when it is first used, a start does without."""
        from agent.services.bills import Bills
        from agent.store.kept_bills import KeptBills

        return Bills(self.shop, KeptBills(self.settings.state))

    def _directives(self, outside: Outside, signer: FileKey | None) -> "DirectivesDown | None":
        """Return what asks headquarters for directives; None for a shop alone, and without the box's key."""
        keys, url = self.headquarters.keys, self.headquarters.url
        if keys is None or url is None or signer is None:
            return None
        from agent.daemon.directives_down import DirectivesDown

        clock, entropy = outside.link_clock or outside.clock, outside.entropy
        return DirectivesDown(self, url, signer, keys, clock, entropy, self.headquarters.on_key_list)

    def _devices(self) -> Any:
        from agent.daemon.devices import Devices

        return Devices(self.shop, self.settings, self.on_scan)

    def on_scan(self, till: str, text: str, repeats: int = 0) -> bool:
        """Take a whole scan of a till's scanner, in order; returns whether it was refused."""
        actor = staff.actor_at_till(self.shop, till)
        answer = scanned(self.shop, actor, till, text, in_background, repeats=repeats)
        return answer.get("action") == "refused"

    def start(self) -> None:
        """Begin: what an earlier run left open is taken up first."""
        self.devices.start()
        self.resolver.start()
        self.headquarters.start()
        if self.directives is not None:
            self.directives.start()

    def stop(self) -> None:
        """End everything; nothing that is on disk is lost."""
        if self.directives is not None:
            self.directives.stop()
        self.devices.stop()
        self.headquarters.stop()
        self.resolver.stop()
        self.writer.close()
        self.readers.close()

    def unsent(self) -> int:
        """Return how many entries headquarters has not acknowledged."""
        return int(health.unsent(self.shop)["entries"])


def _check_tail(path: Path) -> None:
    report = verify_tail(path)
    if report.fault is not None:
        raise Broken("journal.bad_tail", reason=report.fault.code, seq=report.fault.seq or 0)


def printing_plan(settings: Settings) -> PrintingPlan:
    """Return what goes to which printer, and who stands in for whom."""
    routes = (Route(StationSlip(one.slip), one.printer, frozenset(one.departments)) for one in settings.routes)
    return PrintingPlan(tuple(routes), settings.deputies, settings.printing.drawer_open_s)


def store_facts(settings: Settings) -> StoreFacts:
    """Return what stands on slips and decides days."""
    return StoreFacts(
        name=settings.store.name,
        branch=settings.store.branch,
        address=settings.store.address,
        phone=settings.store.phone,
        entity=settings.store.entity,
        zone=settings.zone,
        day_starts=settings.day_starts_at,
        language=settings.language,
        complaint_phone=settings.store.complaints,
        cash_rounding=settings.store.cash_rounding,
        receipts=settings.printing.receipts,
        one_touch=settings.store.one_touch,
        own_hosts=frozenset(settings.store.own_hosts),
        abandoned=settings.payments.abandoned,
    )
