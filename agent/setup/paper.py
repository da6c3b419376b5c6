"""What setup mode prints: each slip as a document, with what this box knows filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from agent.core.errors import StoreboxError
from agent.core.receipt_parts import Document
from agent.core.receipt_setup import (
    DeviceFinding,
    DeviceRole,
    Invitation,
    SeenDevice,
    SelfTest,
    invitation_document,
    self_test_document,
)
from agent.core.receipt_steps import (
    Belonging,
    Proven,
    StepResult,
    bound_document,
    enrolled_document,
    network_document,
    packet_document,
    ready_document,
    refusal_document,
    takes_over_document,
    typing_document,
)
from agent.core.sentences import sentence_of
from agent.core.setup_codes import slip_code
from agent.daemon.self_tests import line_words
from agent.services.language import translator
from agent.settings import Settings
from agent.setup.devices import SetupPrinter, SetupScanner
from agent.setup.facts import interfaces, mac_of, seen_network
from drivers.base import CONNECTED
from sync.enrol import Enrolment

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd once the clock was set from the network."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Makes the slips of one box in its language."""

    settings: Settings
    box: str
    sys: Path = Path("/sys")

    def invitation(
        self,
        printers: Sequence[SetupPrinter],
        scanners: Sequence[SetupScanner],
        unusable: Sequence[str],
        spare: str = "",
    ) -> Document:
        """Return the invitation: what is there, what is missing, what to scan; `spare` names a spare's headquarters."""
        seen = [_seen(DeviceRole.RECEIPT_PRINTER, one.title, one.device.state in CONNECTED) for one in printers]
        seen += [_seen(DeviceRole.SCANNER, one.title, True) for one in scanners]
        seen += [SeenDevice(DeviceRole.SCANNER, DeviceFinding.SILENT, device) for device in unusable]
        if not scanners:
            seen.append(SeenDevice(DeviceRole.SCANNER, DeviceFinding.NOT_FOUND))
        networks = seen_network(interfaces(self.sys))
        found = Invitation(self.box, version("storebox"), SYNCHRONISED.exists(), tuple(seen), networks, spare=spare)
        return invitation_document(found, self._translate, self.settings.language)

    def refusal(self, error: StoreboxError) -> Document:
        """Return the slip of a refusal."""
        return refusal_document(error.code, sentence_of(error), self.box, self._translate, self.settings.language)

    def network(self, steps: Sequence[StepResult]) -> Document:
        """Return the network layer by layer."""
        return network_document(steps, mac_of(interfaces(self.sys)), self.box, self._translate, self.settings.language)

    def packet(self, count: int) -> Document:
        """Return that a stick brought packets, and how to open one."""
        return packet_document(count, self.box, self.page, self._translate, self.settings.language)

    def takes_over(self, who: Belonging, follows: int | None, old: int) -> Document:
        """Return that the box goes on in another's place."""
        return takes_over_document(who, follows, old, self._translate, self.settings.language)

    def typing(self, headquarters: str) -> Document:
        """Return how to enrol without a scanner."""
        return typing_document(self.box, self.page, headquarters, self._translate, self.settings.language)

    @property
    def page(self) -> str:
        """Where a browser finds the box: by the address of the first interface that has one, if it listens there."""
        web = self.settings.web
        host = web.host
        if host in ("0.0.0.0", "::"):
            host = next((one.address for one in interfaces(self.sys) if one.address), "127.0.0.1")
        return f"http://{f'[{host}]' if ':' in host else host}:{web.port}"

    def enrolled(self, who: Belonging) -> Document:
        """Return whose box this is now."""
        return enrolled_document(who, self._translate, self.settings.language)

    def self_test(self, printer: SetupPrinter, nonce: bytes, store: str) -> Document:
        """Return the test slip of a printer; `nonce` is what proves that it was read."""
        identity = printer.device.identity()
        test = SelfTest(
            box=self.box,
            version=version("storebox"),
            name=printer.device.name,
            model=identity.title or printer.device.profile.title or printer.profile,
            line=line_words(printer.url, self.settings.language),
            code=slip_code(nonce),
            till=printer.till,
            store=store,
            branch=self.settings.store.branch,
            cutter=printer.device.profile.cutter,
        )
        return self_test_document(test, self._translate, self.settings.language)

    def bound(self, proven: Proven, waiting: Sequence[str]) -> Document:
        """Return that a till is complete and others are not yet."""
        return bound_document(proven, waiting, self._translate, self.settings.language)

    def ready(self, who: Belonging, proven: Sequence[Proven], reported: bool) -> Document:
        """Return the last slip."""
        return ready_document(who, proven, reported, self._translate, self.settings.language)

    def _translate(self, message: str) -> str:
        return translator(self.settings.language)(message)


def belonging(enrolment: Enrolment, fingerprint: str, pinned: bool) -> Belonging:
    """Return what slips say about an enrolment."""
    who = enrolment.identity
    return Belonging(who.store, who.box, who.epoch, enrolment.hq_url or "", fingerprint, pinned)


def _seen(role: DeviceRole, title: str, good: bool) -> SeenDevice:
    return SeenDevice(role, DeviceFinding.GOOD if good else DeviceFinding.SILENT, title)
