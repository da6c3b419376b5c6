"""`storebox config show|diff|check`: what is in force and where it comes from."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Terminal


@pytest.fixture
def box(terminal: Terminal) -> Terminal:
    terminal.run("enrol", "--alone", "--store", "S007")
    return terminal


def write(box: Terminal, text: str) -> None:
    (box.state / "storebox.toml").write_text(text, encoding="utf-8")


def rows(box: Terminal) -> dict[str, Any]:
    return {row["key"]: row for row in box.json("config", "diff")["rows"]}


def test_without_a_file_every_key_is_a_default_but_the_state_folder(box: Terminal) -> None:
    shown = box.json("config", "show")
    assert shown["file"] is None
    origins = shown["origins"]
    assert origins.pop("state") == "--state"
    assert set(origins.values()) == {"default"}
    assert origins["web.port"] == "default"
    assert set(rows(box)) == {"state"}


def test_each_key_says_where_it_comes_from(box: Terminal) -> None:
    write(box, '[web]\nport = 8081\n[[till]]\ntill = "1"\n[[till]]\ntill = "2"\nprinter = "tcp:192.168.1.50:9100"\n')
    file = str(box.state / "storebox.toml")
    origins = box.json("config", "show")["origins"]
    assert (origins["web.port"], origins["web.host"], origins["till.1.printer"]) == (file, "default", file)
    found = rows(box)
    assert (found["web.port"]["value"], found["web.port"]["default"], found["web.port"]["from"]) == (8081, 8080, file)
    assert found["till.1.printer"]["default"] == ""
    assert "till.1.profile" not in found, "a further till has the defaults of the first"
    assert "web.port" in box.run("config", "diff") and file in box.run("config", "show")


def test_what_setup_found_says_so_and_the_file_wins(box: Terminal) -> None:
    (box.state / "setup").mkdir()
    overlay = box.state / "setup" / "devices.toml"
    overlay.write_text(
        '[[till]]\ntill = "1"\nprinter = "file:/dev/usb/lp0"\nscanner = "serial:/dev/ttyACM0"\n', encoding="utf-8"
    )
    write(box, '[[till]]\ntill = "1"\nprinter = "tcp:192.168.1.50:9100"\n')
    found = rows(box)
    assert found["till.0.scanner"]["from"] == str(overlay)
    assert found["till.0.printer"]["value"] == "tcp:192.168.1.50:9100"
    assert found["till.0.printer"]["from"] == str(box.state / "storebox.toml")


def test_a_printer_s_name_has_no_default(box: Terminal) -> None:
    write(box, '[[printer]]\nname = "kitchen"\n[[route]]\nslip = "kitchen"\nprinter = "kitchen"\n')
    found = rows(box)
    assert found["printer.0.name"]["default"] is None and found["route.0.printer"]["value"] == "kitchen"


def test_a_wrong_file_is_refused_with_every_problem(box: Terminal) -> None:
    write(box, "[web]\nporrt = 1\nport = 0\n")
    document = box.json("config", "check", expected=1)
    assert {(one["code"], one["key"]) for one in document["problems"]} == {
        ("config.unknown_key", "web.porrt"),
        ("config.wrong_value", "web.port"),
    }
    box.run("config", "show", expected=1)
    assert box.error.startswith("config.")
