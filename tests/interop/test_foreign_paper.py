"""What receiptline writes our emulated printer reads, without one unknown byte; a foreign reader reads its codes."""

from pathlib import Path

import pytest

zxingcpp = pytest.importorskip("zxingcpp", reason="needs the extra 'dev'")

from drivers.emulators.embed import lines_of  # noqa: E402
from drivers.emulators.errors import EmulatorError  # noqa: E402
from drivers.emulators.paper import Note  # noqa: E402
from drivers.emulators.picture import SlipPainter  # noqa: E402
from drivers.emulators.printer import EmulatedPrinter  # noqa: E402
from drivers.emulators.profiles import profile_for  # noqa: E402
from tests.interop.conftest import Run  # noqa: E402

STYLED = """\
{border:line;width:20 12}
^合计 | ^^15.50
~
_下划线_ | "粗体" | `反白`
{border:space;text:wrap;width:auto}
|左 |
 右|
=
{code:12345678;option:code128,2,48,hri}
{code:https://example.cn/发票?n=1;option:qrcode,6,q}
"""


def _printed(receiptio: Run, folder: Path, source: str, *arguments: str) -> EmulatedPrinter:
    made = folder / "slip.prn"
    done = receiptio("-p", "epson", "-o", str(made), *arguments, source=source)
    assert done.returncode == 0, done.stderr.decode()
    printer = EmulatedPrinter(profile_for("epson", 80))
    printer.feed(made.read_bytes())
    notes = [mark.op.text for mark in printer.marks if isinstance(mark.op, Note)]
    assert (printer.unknown_bytes, printer.describe()["bytes_waiting"]) == (0, 0), notes
    return printer


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("option", [(), ("-s",), ("-n",), ("-u",), ("-c", "42")])
def test_every_byte_is_understood(receiptio: Run, tmp_path: Path, language: str, option: tuple[str, ...]) -> None:
    source = STYLED if language == "zh-hans" else "Total | 15.50\n-\nThank you\n"
    printer = _printed(receiptio, tmp_path, source, "-l", language, *option)
    assert printer.unsupported_commands == 0
    assert "15.50" in "".join(lines_of(printer.marks))


def test_a_landscape_slip_is_framed_even_where_the_printer_has_no_page_mode(receiptio: Run, tmp_path: Path) -> None:
    assert _printed(receiptio, tmp_path, STYLED, "-l", "zh-hans", "-v").unsupported_commands > 0


def test_its_codes_can_be_read_off_our_paper(receiptio: Run, tmp_path: Path) -> None:
    try:
        painter = SlipPainter(576)
    except EmulatorError as error:
        pytest.skip(error.detail)
    printer = _printed(receiptio, tmp_path, STYLED, "-l", "zh-hans")
    picture = painter.paint([mark.op for mark in printer.marks]).convert("L")
    assert {code.text for code in zxingcpp.read_barcodes(picture)} == {"https://example.cn/发票?n=1", "12345678"}
