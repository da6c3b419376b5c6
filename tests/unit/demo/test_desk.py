"""Papers and switches of the desk, without a demo around them."""

import os
from pathlib import Path

from agent.demo.desk import CHOICES, PICTURES_SHOWN, WORDS, Pictures
from agent.demo.desk_server import printer_switches
from agent.web import desk as page
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import profile_for


def seen(pictures: Pictures) -> list[tuple[int, bool]]:
    return [(one["n"], one["open"]) for one in pictures.newest()]


def test_nothing_printed_is_an_empty_paper(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "none")
    assert pictures.newest() == []
    assert pictures.picture(1) is None


def test_the_newest_slips_and_what_hangs_out(tmp_path: Path) -> None:
    for n in range(1, PICTURES_SHOWN + 3):
        (tmp_path / f"slip-{n:06}.png").write_bytes(b"slip %d" % n)
    hanging = tmp_path / f"open-{PICTURES_SHOWN + 3:06}.png"
    hanging.write_bytes(b"hanging")
    pictures = Pictures(tmp_path)
    last = PICTURES_SHOWN + 3
    assert seen(pictures) == [(n, n == last) for n in range(4, last + 1)]
    assert pictures.picture(last) == b"hanging"
    hanging.rename(tmp_path / f"slip-{last:06}.png")
    assert seen(pictures)[-1] == (last, False)
    assert pictures.picture(last) == b"hanging"


def test_paper_that_grows_has_a_new_version(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    versions = []
    for at, text in enumerate((b"a", b"ab")):
        fresh = tmp_path / "open-000001.part"
        fresh.write_bytes(text)
        os.utime(fresh, ns=(at, at + 1))
        fresh.replace(tmp_path / "open-000001.png")
        versions.append(pictures.newest()[0]["version"])
    assert len(set(versions)) == 2


def test_a_cut_slip_covers_its_hanging_picture(tmp_path: Path) -> None:
    (tmp_path / "open-000001.png").write_bytes(b"half")
    (tmp_path / "slip-000001.png").write_bytes(b"whole")
    assert seen(Pictures(tmp_path)) == [(1, False)]
    assert Pictures(tmp_path).picture(1) == b"whole"


def test_every_switch_and_choice_of_the_page_has_its_words_and_shows() -> None:
    assert set(WORDS) == set(page.SWITCHES)
    assert {name: tuple(values) for name, values in CHOICES.items()} == page.CHOICES
    printer = EmulatedPrinter(profile_for("epson"))
    for name in ("printer", "printer_power", "cover", "cutter", "flow"):
        for on in (False, True):
            printer.command(WORDS[name][0 if on else 1])
            assert printer_switches(printer.describe())[name] is on
    for name, values in CHOICES.items():
        for to, words in values.items():
            for word in words:
                printer.command(word)
            assert printer_switches(printer.describe())[name] == to
