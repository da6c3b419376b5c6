"""Every other case runs as an ordinary user in the unit's groups; without the groups there is a clear refusal."""

from __future__ import annotations

from tests.box.guest.cases_printer import LIBUSB_URL, serial_url, usblp_url
from tests.box.guest.cases_scanner import keyboard_url
from tests.box.guest.counter import Counter
from tests.box.guest.registry import case
from tests.box.guest.rights import ordinary_user
from tests.box.guest.watched import expect_refusal


@case
def a_user_without_groups_is_refused(counter: Counter) -> None:
    """Each line says `device.denied`, which has a remedy, and not that the device is absent."""
    urls = (usblp_url(), LIBUSB_URL, serial_url(), keyboard_url())

    def try_all() -> None:
        with ordinary_user([]):
            for url in urls:
                expect_refusal(url, "device.denied")

    counter.as_root(try_all)
