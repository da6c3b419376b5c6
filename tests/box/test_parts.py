"""The pure parts of the emulated machine's making; quick, so that `make test` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.box.guest.keyboard import reports
from tests.box.guest.rights import groups_of_the_unit
from tests.box.initramfs import File, archive
from tests.box.kernel import KernelIncomplete, Modules, depends, sorted_by_need


def test_what_is_needed_comes_first_and_once() -> None:
    needs = {"usblp": ["usbcore"], "cdc_acm": ["usbcore"], "usbcore": ["usb_common"], "usb_common": []}
    assert sorted_by_need(["usblp", "cdc_acm"], needs.__getitem__) == ["usb_common", "usbcore", "usblp", "cdc_acm"]


@pytest.mark.parametrize(
    ("section", "names"),
    [
        (b"\0depends=usbcore,udc-core\0retpoline=Y\0", ["usbcore", "udc_core"]),
        (b"\0depends=\0", []),
        (b"\0license=GPL\0", []),
    ],
)
def test_a_module_names_what_it_needs(section: bytes, names: list[str]) -> None:
    assert depends(b"\x7fELF" + section) == names


def test_built_in_modules_are_not_loaded_and_missing_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "modules.builtin").write_text("kernel/drivers/input/evdev.ko\n")
    (tmp_path / "hid-generic.ko").write_bytes(b"\0depends=evdev\0")
    modules = Modules(tmp_path)
    assert [name for name, _ in modules.in_order(["hid_generic"])] == ["hid_generic.ko"]
    with pytest.raises(KernelIncomplete, match="usblp"):
        modules.in_order(["usblp"])


def test_the_archive_is_cpio_with_everything_at_a_multiple_of_four() -> None:
    data = archive([File("bin"), File("bin/busybox", b"12345", executable=True)])
    assert len(data) % 4 == 0
    start = data.index(b"bin/busybox")
    assert start % 4 == 110 % 4, "a header has 110 bytes and stands at a multiple of four"
    header = data[start - 110 : start]
    mode, size, name_bytes = int(header[14:22], 16), int(header[54:62], 16), int(header[94:102], 16)
    assert (header[:6], oct(mode), size, name_bytes) == (b"070701", "0o100755", 5, len(b"bin/busybox\0"))
    assert data.endswith(b"TRAILER!!!\0" + bytes(-(110 + len(b"TRAILER!!!\0")) % 4))


def test_the_rights_are_those_of_the_unit() -> None:
    assert {"dialout", "lp", "input"} <= set(groups_of_the_unit())


def test_a_capital_letter_is_typed_with_shift() -> None:
    assert [report.hex() for report in reports("aA\r")] == [
        *("0000040000000000", "0000000000000000"),
        *("0200040000000000", "0000000000000000"),
        *("0000280000000000", "0000000000000000"),
    ]
