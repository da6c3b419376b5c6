"""From an unpacked Debian kernel package to what QEMU starts: the kernel itself and the modules that it needs."""

from __future__ import annotations

import lzma
import re
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

_SETUP_SECTORS = 0x1F1
_PAYLOAD_OFFSET = 0x248
_SECTOR_BYTES = 512
_XZ_MAGIC = b"\xfd7zXZ\0"
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


class KernelIncomplete(Exception):
    """The unpacked package lacks something; remove build/box/kernel to have it fetched again."""


def bootable(compressed: Path, cache: Path) -> Path:
    """The uncompressed kernel, made once; the given one when its compression is another than xz.

    QEMU starts an uncompressed kernel directly (PVH) and so saves the ten seconds that an emulated processor takes to
    unpack it. Where the payload lies: Documentation/arch/x86/boot.rst of the kernel, protocol 2.08.
    """
    if cache.exists() and cache.stat().st_mtime >= compressed.stat().st_mtime:
        return cache
    image = compressed.read_bytes()
    setup_sectors = image[_SETUP_SECTORS] or 4
    offset, length = struct.unpack_from("<II", image, _PAYLOAD_OFFSET)
    start = (setup_sectors + 1) * _SECTOR_BYTES + offset
    payload = image[start : start + length]
    if not payload.startswith(_XZ_MAGIC):
        return compressed
    unfinished = cache.with_suffix(".new")
    unfinished.write_bytes(lzma.LZMADecompressor().decompress(payload))
    unfinished.replace(cache)
    return cache


class Modules:
    """The modules of one kernel, by the names that modprobe knows them by."""

    def __init__(self, folder: Path) -> None:
        self._files = {_name(path.name): path for path in folder.rglob("*.ko*")}
        built_in = folder / "modules.builtin"
        self._built_in = {_name(line) for line in built_in.read_text().split()} if built_in.exists() else set()

    def in_order(self, wanted: Iterable[str]) -> list[tuple[str, bytes]]:
        """File name and content of the wanted modules and of those that they need, in the order to load them in."""
        contents: dict[str, bytes] = {}

        def needs(name: str) -> list[str]:
            if name in self._built_in:
                return []
            contents[name] = self._read(name)
            return depends(contents[name])

        order = sorted_by_need(map(_name, wanted), needs)
        return [(f"{name}.ko", contents[name]) for name in order if name in contents]

    def _read(self, name: str) -> bytes:
        if name not in self._files:
            raise KernelIncomplete(f"no module {name}")
        path = self._files[name]
        data = path.read_bytes()
        return lzma.decompress(data) if path.suffix == ".xz" else data


def depends(module: bytes) -> list[str]:
    """The modules that this one names as needed, from its .modinfo section."""
    found = _DEPENDS.search(module)
    return [_name(name) for name in found[1].decode().split(",") if name] if found else []


def sorted_by_need(wanted: Iterable[str], needs: Callable[[str], list[str]]) -> list[str]:
    """Each name once, after everything that it needs; `needs` is asked once for each."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in order:
            for other in needs(name):
                visit(other)
            order[name] = None

    for name in wanted:
        visit(name)
    return list(order)


def _name(file: str) -> str:
    """`kernel/drivers/usb/class/cdc-acm.ko.xz` is cdc_acm."""
    return file.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
