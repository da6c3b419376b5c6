"""A folder that looks like /dev and /sys of a box with devices plugged in: what discovery reads, and no more."""

from __future__ import annotations

from pathlib import Path

from drivers.discovery.found import Roots

KEYBOARD_KEYS = "10000 7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""capabilities/key of an ordinary USB keyboard."""
MOUSE_KEYS = "1f0000 0 0 0 0"


class Plugged:
    """Devices by USB port, `1-2`. With `udev` off there are no links, as in a container without udevd."""

    def __init__(self, folder: Path, *, udev: bool = True) -> None:
        self.dev, self.sys, self.udev = folder / "dev", folder / "sys", udev
        self.roots = Roots(self.dev, self.sys)

    def usb(self, port: str, vendor: str, product: str, *, serial: str = "", name: str = "", maker: str = "") -> Path:
        """A USB device; its folder."""
        device = self.sys / "devices/usb1" / port
        device.mkdir(parents=True)
        number = str(len(list(device.parent.iterdir())) + 1)
        facts = {"idVendor": vendor, "idProduct": product, "serial": serial, "product": name, "manufacturer": maker}
        for key, value in {**facts, "busnum": "1", "devnum": number}.items():
            if value:
                (device / key).write_text(value + "\n")
        self._file(f"bus/usb/001/{int(number):03d}")
        self._link(self.sys / "bus/usb/devices" / port, device)
        return device

    def serial(self, node: str, usb: Path | None = None) -> None:
        """A serial line, of a USB device or of the board."""
        place = self._interface(usb) if usb else self.sys / "devices/platform/uart"
        self._class("tty", node, place / "tty" / node, place)
        self._file(node)
        if self.udev and usb:
            self._names("serial", node, usb)

    def unwired(self, node: str) -> None:
        """A port that the kernel prepares for whatever may be there."""
        place = self.sys / "devices/platform/serial8250"
        self._class("tty", node, place / "tty" / node, place)
        self._link(place / "driver", self.sys / "bus/platform/drivers/serial8250")

    def printer(
        self, usb: Path, *, node: str = "", device_id: bytes = b"", protocol: str = "02", rule: str = ""
    ) -> None:
        """An interface of the printer class, held by usblp when it has a node; `rule` names its link of config/udev."""
        interface = self._interface(usb)
        (interface / "bInterfaceClass").write_text("07\n")
        (interface / "bInterfaceProtocol").write_text(f"{protocol}\n")
        if node:
            (interface / "usbmisc" / node).mkdir(parents=True)
            self._file(f"usb/{node}")
        if device_id:
            (interface / "ieee1284_id").write_bytes(device_id)
        if rule:
            self._link(self.dev / "storebox" / rule, self.dev / "usb" / node)

    def keyboard(self, node: str, usb: Path, name: str, keys: str = KEYBOARD_KEYS) -> None:
        """An input device."""
        device = self._interface(usb) / "0003/input" / f"input{node.removeprefix('event')}"
        (device / "capabilities").mkdir(parents=True)
        (device / "capabilities/key").write_text(keys + "\n")
        (device / "name").write_text(name + "\n")
        self._class("input", node, device / node, device)
        self._file(f"input/{node}")
        if self.udev:
            self._names("input", node, usb)

    def hidraw(self, node: str, usb: Path, name: str, descriptor: bytes) -> None:
        """A raw HID device."""
        device = self._interface(usb) / "0003"
        device.mkdir(parents=True, exist_ok=True)
        (device / "report_descriptor").write_bytes(descriptor)
        (device / "uevent").write_text(f"DRIVER=hid-generic\nHID_NAME={name}\n")
        self._class("hidraw", node, device / "hidraw" / node, device)
        self._file(node)

    def network(self, name: str, mac: str, *, carrier: bool = True) -> None:
        """A network interface of the board."""
        place = self.sys / "class/net" / name
        (place / "device").mkdir(parents=True)
        (place / "address").write_text(f"{mac}\n")
        (place / "carrier").write_text("1\n" if carrier else "0\n")

    def unplug(self, node: str) -> None:
        """Take a serial line away."""
        (self.sys / "class/tty" / node).unlink()
        for path in (self.dev / node, *(self.dev / "serial").glob(f"by-*/*{node}*")):
            path.unlink()

    def _interface(self, usb: Path) -> Path:
        interface = usb / f"{usb.name}:1.0"
        interface.mkdir(exist_ok=True)
        self._link(self.sys / "bus/usb/devices" / interface.name, interface)
        return interface

    def _names(self, kind: str, node: str, usb: Path) -> None:
        serial = usb / "serial"
        identity = (
            f"usb-{(usb / 'idVendor').read_text().strip()}_{serial.read_text().strip() if serial.exists() else 'x'}"
        )
        target = self.dev / (node if kind == "serial" else f"{kind}/{node}")
        self._link(self.dev / kind / "by-id" / f"{identity}-{node}", target)
        self._link(self.dev / kind / "by-path" / f"pci-usb-0:{usb.name.partition('-')[2]}-{node}", target)

    def _class(self, kind: str, node: str, place: Path, device: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / "device").exists():
            self._link(place / "device", device)
        self._link(self.sys / "class" / kind / node, place)

    def _file(self, name: str) -> None:
        (self.dev / name).parent.mkdir(parents=True, exist_ok=True)
        (self.dev / name).touch()

    def _link(self, link: Path, target: Path) -> None:
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(target)
