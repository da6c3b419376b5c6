"""What `storebox device list` finds with everything plugged in: names that survive a re-plug and can be opened."""

from __future__ import annotations

import time

from drivers.base import DeviceState
from drivers.discovery.access import READ, Verdict, access, runner
from drivers.discovery.examine import examine
from drivers.discovery.find import find_devices
from drivers.discovery.found import Found, Naming
from drivers.discovery.watch import Change, Happening, UdevHint, changes
from tests.box.guest.counter import (
    KEYBOARD_SCANNER,
    PATIENCE_S,
    POS_SCANNER,
    PRINTER,
    SERIAL_PRINTER,
    SERIAL_SCANNER,
    Counter,
    obey,
    wait_until,
)
from tests.box.guest.gadgets import Identity
from tests.box.guest.registry import case
from tests.box.guest.watched import opened, our_scanner

EXPECTED = {
    PRINTER: ("printer", Naming.PORT),
    SERIAL_PRINTER: ("printer", Naming.IDENTITY),
    SERIAL_SCANNER: ("scanner", Naming.IDENTITY),
    KEYBOARD_SCANNER: ("scanner", Naming.IDENTITY),
    POS_SCANNER: ("scanner", Naming.PORT),
}


def found_of(identity: Identity) -> list[Found]:
    """What is found of the devices that say this of themselves."""
    return [one for one in find_devices() if one.serial_number == identity.serial_number]


def url_of(identity: Identity) -> str:
    """The lasting address of the one such device, as soon as udev has made it."""
    wait_until(
        lambda: [one.naming for one in found_of(identity)] not in ([], [Naming.NODE]), f"a lasting name of {identity}"
    )
    (only,) = found_of(identity)
    return only.url


@case
def finds_everything_by_lasting_names(counter: Counter) -> None:
    """Each device once, what it is, by identity or port; the box may use it, and the address opens."""
    for identity, (kind, naming) in EXPECTED.items():
        url = url_of(identity)
        (one,) = found_of(identity)
        assert (one.suggestion, one.naming) == (kind, naming), one
        for address in (url, *one.alternatives):
            # Whoever closes libusb's line gives the printer back to usblp; its file is new, and udev has to see to it.
            _wait_for_rights(identity)
            with opened(address) as line:
                assert line.describe().startswith(address.partition(":")[0]), line.describe()


@case
def examines_the_printer(counter: Counter) -> None:
    """What the wizard asks a printer is answered through usblp, and leaves nothing on paper."""
    start = len(counter.printer.printer.marks)
    with opened(url_of(PRINTER)) as line:
        seen = examine(line, time.monotonic)
    assert (seen.answers, seen.process_ids, seen.fence, seen.automatic_status) == (True, True, True, True), seen
    assert seen.port is not None and seen.identity.maker == "EPSON", seen
    assert counter.printer.printer.marks[start:] == [], counter.printer.printer.marks[start:]


@case
def udev_tells_what_was_plugged(counter: Counter) -> None:
    """An unplugged and a plugged scanner are seen at udev's hint, long before the next look would come."""
    hint = UdevHint(time.sleep)
    assert hint.usable, "pyudev hears nothing of udev"
    url = url_of(SERIAL_SCANNER)
    for word, happening in (("!unplug", Happening.UNPLUGGED), ("!plug", Happening.PLUGGED)):
        before = find_devices()
        obey(counter.scanner, word)
        seen = _hinted_changes(hint, before, happening)
        assert [change.found.url for change in seen] == [url], seen


@case
def twins_are_told_apart_by_their_ports(counter: Counter) -> None:
    """Two scanners that say the same of themselves: each keeps its own name, whichever is plugged in first."""
    obey(counter.twin, "!plug")
    wait_until(
        lambda: [one.naming for one in found_of(SERIAL_SCANNER)] == [Naming.PORT] * 2, lambda: str(find_devices())
    )
    urls = sorted(one.url for one in found_of(SERIAL_SCANNER))
    assert len(set(urls)) == 2, urls
    obey(counter.scanner, "!unplug")
    obey(counter.twin, "!unplug")
    with our_scanner(urls[0]) as first, our_scanner(urls[1], "scanner2") as second:
        obey(counter.twin, "!plug")
        obey(counter.scanner, "!plug")
        for watched in (first, second):
            watched.wait_for_state(DeviceState.READY)
        obey(counter.scanner, "SCANNER")
        obey(counter.twin, "TWIN")
        wait_until(lambda: len(first.scans) == len(second.scans) == 1, lambda: f"{first.scans}, {second.scans}")
        # Sockets are numbered, and so are the ports in the names.
        assert (first.scans[0].text, second.scans[0].text) == ("SCANNER", "TWIN"), (urls, first.scans, second.scans)


def _wait_for_rights(identity: Identity) -> None:
    """Return when the box may read all that is found of it; a keyboard's file is never written to."""

    def verdicts() -> set[Verdict]:
        nodes = {node for one in found_of(identity) for node in (one.device, one.node)}
        return {access(node, runner(), READ).verdict for node in nodes}

    wait_until(lambda: verdicts() == {Verdict.ALLOWED}, lambda: f"rights to {identity}: {verdicts()}")


def _hinted_changes(hint: UdevHint, before: list[Found], happening: Happening) -> list[Change]:
    """Look again at each hint until something of this kind has happened under a lasting name."""
    deadline_s = time.monotonic() + PATIENCE_S
    while hint.wait(max(0.0, deadline_s - time.monotonic())):
        seen = [change for change in changes(before, find_devices()) if change.happening is happening]
        if seen and all(change.found.naming is not Naming.NODE for change in seen):
            return seen
    raise AssertionError(f"udev gave no hint that anything was {happening.value}")
