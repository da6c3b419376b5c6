"""What discovery says about one device: who it is, what it probably is, and the address that stays right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel shows devices; a test gives folders of its own."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")


class Naming(Enum):
    """What keeps a device's address right, best first."""

    IDENTITY = "identity"
    """Its own serial number: right in any port."""
    PORT = "port"
    """The port that it is in: right for whatever is plugged in there."""
    NODE = "node"
    """The number that the kernel gave it, which may be another after a re-plug."""
    NETWORK = "network"
    """Its address in the network, as good as the network's plan."""


@dataclass(frozen=True, slots=True)
class UsbFacts:
    """What a USB device says about itself; empty texts where it says nothing, all of them when it is no USB device."""

    vendor_id: str = ""
    product_id: str = ""
    serial_number: str = ""
    manufacturer: str = ""
    product: str = ""
    port: str = ""
    """The kernel's name of the port, `1-1.2`."""
    node: str = ""
    """The device file of libusb, `/dev/bus/usb/001/004`."""

    @property
    def title(self) -> str:
        """Maker and product in one line."""
        return f"{self.manufacturer} {self.product}".strip()


@dataclass(frozen=True, slots=True)
class Found:
    """One device. `url` is the address to write into the configuration."""

    device: str
    """Its device file now, or `host:port`."""
    url: str
    naming: Naming
    suggestion: str = ""
    """`printer`, `scanner` or `keyboard` when something tells, else empty."""
    title: str = ""
    usb: UsbFacts = UsbFacts()
    by_id: str = ""
    by_path: str = ""
    alternatives: tuple[str, ...] = ()
    """Other addresses that reach it."""
    device_id: Mapping[str, str] = field(default_factory=dict)
    """IEEE 1284 device ID of a USB printer, by short names."""
    mac: str = ""
    """Hardware address of a network printer, when the kernel has just learned it."""

    @property
    def serial_number(self) -> str:
        """The USB device's own."""
        return self.usb.serial_number

    @property
    def product(self) -> str:
        """The USB device's own name of itself."""
        return self.usb.product

    @property
    def node(self) -> str:
        """The device file whose permissions decide whether `url` can be opened; empty for a network printer."""
        if self.naming is Naming.NETWORK:
            return ""
        return self.usb.node if self.url.startswith("usb:") else self.device
