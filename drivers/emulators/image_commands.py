"""Commands that bring dots: `GS v 0`, `ESC *`, `GS ( L` and `GS 8 L`."""

from __future__ import annotations

from drivers.emulators.machine import Machine
from drivers.emulators.paper import Image
from drivers.emulators.text_commands import Handler

MAX_GRAPHICS_DOTS = 4 << 20


def _widen(row: bytes, times: int) -> bytes:
    """Each dot `times` times."""
    if times == 1:
        return row
    bits = "".join(bit * times for bit in f"{int.from_bytes(row, 'big'):0{len(row) * 8}b}")
    return int(bits, 2).to_bytes(len(row) * times, "big")


def _scaled(width: int, height: int, data: bytes, wide: int, tall: int) -> Image:
    if wide == 1 and tall == 1:
        return Image(width, height, data, 0, height)
    step = (width + 7) // 8
    rows = bytearray()
    for y in range(height):
        row = _widen(data[y * step : (y + 1) * step], wide)
        rows += row[: (width * wide + 7) // 8] * tall
    return Image(width * wide, height * tall, bytes(rows), 0, height * tall)


def _clipped(machine: Machine, image: Image) -> Image:
    """What fits the paper: dots beyond the printing area are lost, as on the real ones."""
    width = min(image.width, machine.line.width_dots)
    left = machine.line.left_of(width)
    if width == image.width:
        return Image(width, image.height, image.rows, left, image.feed_dots)
    machine.note(f"image of {image.width} dots is cut to {width}")
    before, after = (image.width + 7) // 8, (width + 7) // 8
    last = 0xFF << after * 8 - width & 0xFF
    rows = bytearray()
    for y in range(image.height):
        row = bytearray(image.rows[y * before : y * before + after])
        row[-1] &= last
        rows += row
    return Image(width, image.height, bytes(rows), left, image.feed_dots)


def raster(machine: Machine, command: bytes) -> None:
    """GS v 0 m xL xH yL yH d…: m doubles the width (1), the height (2) or both (3)."""
    mode = command[3] & 3
    step, height = command[4] | command[5] << 8, command[6] | command[7] << 8
    if not step or not height:
        machine.note("GS v 0 without dots: nothing printed")
        return
    machine.at_line_start("raster image")
    wide, tall = 2 if mode & 1 else 1, 2 if mode & 2 else 1
    machine.emit(_clipped(machine, _scaled(step * 8, height, command[8:], wide, tall)))


def bit_image(machine: Machine, command: bytes) -> None:
    """ESC * m nL nH d…: columns from left to right, 8 or 24 dots high; part of the line."""
    mode, columns = command[2], command[3] | command[4] << 8
    if not columns:
        return
    bytes_a_column = 3 if mode >= 32 else 1
    height = bytes_a_column * 8
    step = (columns + 7) // 8
    canvas = [bytearray(step) for _ in range(height)]
    for x in range(columns):
        column = command[5 + x * bytes_a_column : 5 + (x + 1) * bytes_a_column]
        bits = int.from_bytes(column, "big")
        for y in range(height):
            if bits >> height - 1 - y & 1:
                canvas[y][x >> 3] |= 0x80 >> (x & 7)
    wide = 1 if mode in (1, 33) else 2
    tall = 3 if bytes_a_column == 1 else 1
    strip = _scaled(columns, height, b"".join(canvas), wide, tall)
    used = sum(other.width for other in machine.strips)
    if used + strip.width > machine.line.width_dots:
        machine.note("ESC * wider than the line: not printed")
        return
    machine.strips.append(strip)


def graphics(machine: Machine, command: bytes) -> None:
    """GS ( L and GS 8 L: functions 112 (store raster in the print buffer) and 50 (print it)."""
    body = command[5:] if command[1:2] == b"(" else command[7:]
    if body[:2] == b"0p" and len(body) >= 10:
        _store(machine, body[2:])
    elif body[:1] == b"0" and body[1:2] in (b"\x02", b"2"):
        if machine.graphics is None:
            machine.note("GS ( L print without a stored image: nothing printed")
            return
        machine.at_line_start("graphics")
        machine.emit(_clipped(machine, machine.graphics))
        machine.graphics = None
    else:
        machine.unsupported(f"GS ( L {body[:2].hex(' ')}")


def _store(machine: Machine, values: bytes) -> None:
    tone, wide, tall, colour = values[:4]
    width, height = values[4] | values[5] << 8, values[6] | values[7] << 8
    data = values[8:]
    whole = len(data) == (width + 7) // 8 * height and width and height
    small = width * height * 4 <= MAX_GRAPHICS_DOTS
    if tone != 48 or colour != 49 or wide not in (1, 2) or tall not in (1, 2) or not whole or not small:
        machine.unsupported(f"GS ( L 30 70 {values[:8].hex(' ')}")
        return
    machine.graphics = _scaled(width, height, data, wide, tall)


COMMANDS: dict[bytes, Handler] = {
    b"\x1dv": raster,
    b"\x1b*": bit_image,
    b"\x1d(L": graphics,
    b"\x1d8": graphics,
}
