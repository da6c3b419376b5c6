"""USB devices made of software: configfs describes them, a dummy host controller has sockets to plug them into.

What the host side sees is the kernel's own: enumeration, usblp, cdc-acm, usbhid, udev's names, unplugging. Attributes
are those of Documentation/ABI/testing/configfs-usb-gadget* of the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_GADGETS = Path("/sys/kernel/config/usb_gadget")
_CONTROLLER = "dummy_udc"
"""The device side of dummy_hcd; `num` of the module says how many there are."""
_ENGLISH = "strings/0x409"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a USB device says about itself."""

    vendor_id: str
    product_id: str
    maker: str
    product: str
    serial_number: str


class Gadget:
    """One device with one function, not yet plugged in; `socket` counts the host controller's sockets, each for one."""

    def __init__(self, socket: int, identity: Identity, function: str, attributes: Mapping[str, str | bytes]) -> None:
        self.socket = socket
        self._place = _GADGETS / f"in_socket_{socket}_at_first"
        self.function = self._place / "functions" / function
        self._describe(identity)
        self.function.mkdir(parents=True)
        for name, value in attributes.items():
            data = value if isinstance(value, bytes) else value.encode()
            (self.function / name).write_bytes(data)
        configuration = self._place / "configs/c.1"
        configuration.mkdir(parents=True)
        (configuration / function).symlink_to(self.function)

    def plug(self) -> None:
        """Put the cable into `socket`; the host begins to enumerate."""
        (self._place / "UDC").write_text(f"{_CONTROLLER}.{self.socket}")

    def unplug(self) -> None:
        """Pull the cable; when this returns the host knows."""
        (self._place / "UDC").write_text("\n")

    def _describe(self, identity: Identity) -> None:
        texts = self._place / _ENGLISH
        texts.mkdir(parents=True)
        (self._place / "idVendor").write_text(f"0x{identity.vendor_id}")
        (self._place / "idProduct").write_text(f"0x{identity.product_id}")
        (texts / "manufacturer").write_text(identity.maker)
        (texts / "product").write_text(identity.product)
        (texts / "serialnumber").write_text(identity.serial_number)
