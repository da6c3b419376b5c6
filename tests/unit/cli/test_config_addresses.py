"""`storebox config check` reads addresses of devices as the drivers will."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Terminal


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ('printer = "serail:/dev/ttyUSB0"', "device.url_scheme", "did you mean 'serial'"),
        ('printer = "serial:/dev/ttyUSB0?buad=9600"', "device.url_option", "did you mean 'baud'"),
        ('printer = "usb:epson"', "device.url_value", "four hexadecimal digits"),
        ('scanner = "hid:/dev/ttyUSB0"', "device.url_value", "/dev/input/"),
    ],
)
def test_an_address_that_could_never_work_is_named(
    terminal: Terminal, tmp_path: Path, line: str, code: str, hint: str
) -> None:
    file = tmp_path / "storebox.toml"
    file.write_text(f'[[till]]\ntill = "1"\n{line}\n', encoding="utf-8")
    told = terminal.json("config", "check", str(file), expected=1)
    (problem,) = told["problems"]
    assert problem["code"] == code and hint in problem["detail"]
    assert problem["device"] == ("scanner1" if line.startswith("scanner") else "receipt1")


def test_addresses_of_every_kind_are_right(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "storebox.toml"
    urls = ("usb:04b8:0e15?serial=E1", "file:/dev/usb/lp0?record=/var/lib/storebox/lp0.jsonl", "tcp:192.168.1.50:9100")
    tills = [f'[[till]]\ntill = "{number}"\nprinter = "{url}"\n' for number, url in enumerate(urls, 1)]
    file.write_text("\n".join(tills), encoding="utf-8")
    assert terminal.json("config", "check", str(file))["holds"]


def test_further_printers_are_read_too(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "storebox.toml"
    file.write_text('[[printer]]\nname = "kitchen"\nurl = "tcp:kitchen"\n', encoding="utf-8")
    (problem,) = terminal.json("config", "check", str(file), expected=1)["problems"]
    assert (problem["code"], problem["device"]) == ("device.url_value", "kitchen")
