"""From a document to ESC/POS bytes for one printer model. Pure.

Commands follow the Epson ESC/POS reference. Text never carries a control byte: it has been cleaned before its
width was counted, and neither GB18030 nor a code page has bytes below 0x20.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.printer import qr
from drivers.printer.document import Barcode, Cut, DocumentError, Feed, Image, Kick, Qr, Thing
from drivers.printer.layout import TALL_SIZES, WIDE_SIZES, Line, lines
from drivers.printer.profiles import DOTS_PER_MM, PrinterProfile
from drivers.printer.raster import has_real_time, raster, scale_down

AUTOMATIC_STATUS_ON = b"\x1da\x0f"
"""GS a: report drawer, online, error and paper changes. ESC @ turns it off, so it follows every ESC @."""

FENCE = b"\x1dr\x01"
"""GS r 1: answered in order, after everything before it has been processed."""

CHECK_EVERY_BYTES = 256
"""How much of a slip may stand between two fences, where there are any: about eight lines."""

PROCESS_ID_BYTES = 4

_INITIALIZE = b"\x1b@"
_CHINESE_ON, _CHINESE_OFF = b"\x1c&", b"\x1c."
_CENTER, _LEFT = b"\x1ba\x01", b"\x1ba\x00"
_FEED_AND_CUT = b"\x1dVB\x00"
_TO_NEXT_LABEL, _CUT = b"\x0c", b"\x1dV\x00"
"""FF outside page mode: print, and feed to where the next label begins."""
_PULSE_UNIT_MS = 2
_PULSE_PAUSE_UNITS = 25
_BARCODE_HEIGHT_DOTS = 80
_EAN13_MODULES = 113
VOID_LINES = {"zh-CN": "上张小票没打完,作废", "en": "SLIP ABOVE NOT FINISHED: VOID"}
"""By language of the shop: ends a slip that a fault cut off, so that nobody hands it out."""
_QR_LEVELS = {"L": 48, "M": 49, "Q": 50, "H": 51}


def encode(document: Mapping[str, object], profile: PrinterProfile, marks: tuple[str, str] | None = None) -> bytes:
    """The document as bytes, from ESC @ on. Raises DocumentError, as `layout.lines` does, and
    `document.too_wide` for a code that cannot fit this paper.

    `marks` are two process IDs: the printer will answer the first when the text is on paper and the second when
    it has cut. For printers without process IDs leave them out.
    """
    return encode_checked(document, profile, marks)[0]


def encode_checked(
    document: Mapping[str, object],
    profile: PrinterProfile,
    marks: tuple[str, str] | None = None,
    *,
    every_bytes: int | None = None,
) -> tuple[bytes, tuple[int, ...]]:
    """As `encode`, with a fence at the beginning and after about every `every_bytes`, and where each fence ends.

    Their answers tell how far the printer is, and a missing one that it lost bytes on the way. None comes after the
    last cut.
    """
    laid_out = lines(document, profile.cells, profile.charset)
    encoder = _Encoder(profile)
    encoder.prologue()
    fences: list[int] = []
    if every_bytes is not None:  # what a printer loses that is switched on in the middle may be the beginning
        encoder.output += FENCE
        fences.append(len(encoder.output))
    last_cut = max((place for place, line in enumerate(laid_out) if isinstance(line.thing, Cut)), default=None)
    for place, line in enumerate(laid_out):
        if marks and place == last_cut:
            encoder.output += process_id_request(marks[0])
        encoder.line(line)
        due = every_bytes is not None and len(encoder.output) - fences[-1] >= every_bytes
        if due and (last_cut is None or place < last_cut):
            encoder.output += FENCE
            fences.append(len(encoder.output))
    if marks:
        encoder.output += process_id_request(marks[1])
    return bytes(encoder.output), tuple(fences)


def prologue(profile: PrinterProfile) -> bytes:
    """What sets the printer to a known state."""
    encoder = _Encoder(profile)
    encoder.prologue()
    return bytes(encoder.output)


def void_slip(profile: PrinterProfile, language: object) -> bytes:
    """Ends a slip that was cut off: a line that says so in the language of the slip after it, and a cut."""
    line = VOID_LINES.get(str(language), VOID_LINES["zh-CN"])
    return encode({"blocks": [{"kind": "text", "text": line}, {"kind": "cut"}]}, profile)


def pulse(kick: Kick) -> bytes:
    """ESC p: the drawer pulse, queued in the printer."""
    on = min(255, max(1, kick.milliseconds // _PULSE_UNIT_MS))
    return bytes((0x1B, 0x70, 0 if kick.pin == 2 else 1, on, max(on, _PULSE_PAUSE_UNITS)))


def real_time_pulse(kick: Kick) -> bytes:
    """DLE DC4, function 1: the drawer pulse, given on arrival, also offline; 100 to 800 ms in steps of 100."""
    return bytes((0x10, 0x14, 1, 0 if kick.pin == 2 else 1, min(8, max(1, round(kick.milliseconds / 100)))))


def check_process_id(process_id: str) -> None:
    """Raise ValueError unless these are four printable ASCII characters."""
    if len(process_id) != PROCESS_ID_BYTES or not all(" " <= char <= "~" for char in process_id):
        raise ValueError(f"a process ID is {PROCESS_ID_BYTES} printable ASCII characters, not {process_id!r}")


def process_id_request(process_id: str) -> bytes:
    """GS ( H, function 48: answer `7" id NUL` when the data before is printed."""
    check_process_id(process_id)
    return b"\x1d(H\x06\x0000" + process_id.encode("ascii")


class _Encoder:
    """Collects bytes and remembers what the printer is set to."""

    def __init__(self, profile: PrinterProfile) -> None:
        self.profile = profile
        self.output = bytearray()
        self.size = "normal"
        self.bold = False
        self.page: int | None = None
        self.chinese = profile.charset.repertoire != "none"

    def prologue(self) -> None:
        self.output += _INITIALIZE
        if self.profile.automatic_status:
            self.output += AUTOMATIC_STATUS_ON
        if self.chinese:
            self.output += _CHINESE_ON

    def line(self, line: Line) -> None:
        if line.thing is not None:
            self._style("normal", False)
            self._thing(line.thing)
            return
        text = line.text.rstrip(" ")
        if text:
            self._style(line.size, line.bold)
            self._text(text)
        self.output += b"\n"

    def _style(self, size: str, bold: bool) -> None:
        if size != self.size:
            self.output += self._character_size(size in WIDE_SIZES, size in TALL_SIZES)
            self.size = size
        if bold is not self.bold:
            self.output += bytes((0x1B, 0x45, bold))
            self.bold = bold

    def _character_size(self, wide: bool, tall: bool) -> bytes:
        """GS !, for all characters by Epson's reference, then FS ! with the same size: some makers' GS ! leaves Chinese
        as it is, and a printer that knows both takes the last."""
        every = bytes((0x1D, 0x21, 0x10 * wide | tall))
        return every + bytes((0x1C, 0x21, 0x04 * wide | 0x08 * tall)) if self.chinese else every

    def _text(self, text: str) -> None:
        for run in self.profile.charset.runs(text):
            if run.page is None:
                self.output += run.data
                continue
            # In Chinese mode a byte from 0x80 on would swallow its neighbour.
            self.output += _CHINESE_OFF * self.chinese
            if run.page.number != self.page:
                self.output += bytes((0x1B, 0x74, run.page.number))
                self.page = run.page.number
            self.output += run.data + _CHINESE_ON * self.chinese

    def _thing(self, thing: Thing) -> None:
        match thing:
            case Feed(count):
                self.output += bytes((0x1B, 0x64, count)) * (count > 0)
            case Cut():
                self.output += self._end()
            case Kick():
                self.output += pulse(thing)
            case Image(width, height, rows):
                self._centered(raster(*scale_down(width, height, rows, self.profile.dots)))
            case Qr():
                self._centered(self._qr(thing))
            case Barcode():
                self._centered(self._barcode(thing))

    def _end(self) -> bytes:
        """The end of a slip: at the next label, at the cutter, or far enough to tear it off."""
        if self.profile.label_paper:
            return _TO_NEXT_LABEL + _CUT * self.profile.cutter
        return _FEED_AND_CUT if self.profile.cutter else self._feed(self.profile.tear_feed_lines)

    def _feed(self, count: int) -> bytes:
        return bytes((0x1B, 0x64, count))

    def _centered(self, data: bytes) -> None:
        self.output += _CENTER + data + _LEFT

    def _qr(self, code: Qr) -> bytes:
        version = qr.version(code.data, code.level)
        dots = qr.module_dots(version, code.millimetres * DOTS_PER_MM, self.profile.dots) if version else 0
        if not dots:
            raise DocumentError("document.too_wide", f"a QR code of {len(code.data)} characters does not fit")
        if self.profile.native_qr:
            data = _native_qr(code, dots)
            if not has_real_time(data):
                return data
        if dots > 1:
            return raster(*qr.rows(code.data, code.level, dots // 2), doubled=True)
        return raster(*qr.rows(code.data, code.level, dots))

    def _barcode(self, code: Barcode) -> bytes:
        if code.symbology == "ean13":
            modules, body = _EAN13_MODULES, b"\x1dkC\x0d" + code.data.encode("ascii")
        else:
            payload = b"{B" + code.data.replace("{", "{{").encode("ascii")
            # Start, check, stop and two quiet zones of ten (ISO/IEC 15417).
            modules, body = 11 * len(code.data) + 55, b"\x1dkI" + bytes((len(payload),)) + payload
        width = min(3, self.profile.dots // modules)
        if not width:
            raise DocumentError("document.too_wide", f"a bar code of {len(code.data)} characters does not fit")
        return b"\x1dH\x02" + bytes((0x1D, 0x68, _BARCODE_HEIGHT_DOTS, 0x1D, 0x77, width)) + body


def _native_qr(code: Qr, dots: int) -> bytes:
    """GS ( k, functions 165, 167, 169, 180 and 181, with a border above and below by ESC J."""
    data = code.data.encode("utf-8")
    border = bytes((0x1B, 0x4A, dots * qr.QUIET_MODULES))
    return b"".join(
        (
            border,
            b"\x1d(k\x04\x001A2\x00",
            b"\x1d(k\x03\x001C" + bytes((dots,)),
            b"\x1d(k\x03\x001E" + bytes((_QR_LEVELS[code.level],)),
            b"\x1d(k" + (len(data) + 3).to_bytes(2, "little") + b"1P0" + data,
            b"\x1d(k\x03\x001Q0",
            border,
        )
    )
