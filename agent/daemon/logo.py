"""The shop's logo: a picture of the state folder, turned once into dots that any receipt printer prints.

Separate so that the imaging library is loaded only by a box that has a logo. Nothing is stored in a printer: one that
is swapped prints the logo of the shop where it stands.
"""

from __future__ import annotations

import base64
import logging
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.errors import Refused

if TYPE_CHECKING:
    from PIL.Image import Image

FILE_NAME = "logo.png"
WIDTH_DOTS = 384
"""Paper of 58 mm; on wider paper the logo stands in the middle."""
HEIGHT_DOTS = 120
FILE_BYTES_MAX = 2 << 20
PIXELS_MAX = 16 << 20

Block = dict[str, object]
log = logging.getLogger("storebox.logo")


def logo_of(state: Path, setting: str) -> Block | None:
    """Return the block of the logo, None without one: the file that the setting names, else `logo.png`.

    A relative path begins at the state folder. A picture that cannot be read costs the logo, never the start; it is
    logged with its code.
    """
    path = state / (setting or FILE_NAME)
    if not setting and not path.exists():
        return None
    try:
        return logo_block(path)
    except Refused as error:
        log.warning("%s: %s; slips are printed without the logo", error.code, path)
        return None


def logo_block(path: Path) -> Block:
    """Return a PNG as an `image` block of at most 384 x 120 dots: shrunk, never enlarged; transparent is paper.

    Greys are dithered. Raises Refused `logo.unreadable` for a file that is missing, no PNG, broken, or larger than
    2 MiB or 16 million pixels.
    """
    try:
        grey = _grey(path)
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise Refused("logo.unreadable", reason=str(error)[:200]) from error
    return _block(grey)


def _grey(path: Path) -> Image:
    from PIL import Image

    if path.stat().st_size > FILE_BYTES_MAX:
        raise ValueError(f"more than {FILE_BYTES_MAX} bytes")
    with Image.open(path, formats=("PNG",)) as file:
        if file.width * file.height > PIXELS_MAX:
            raise ValueError(f"more than {PIXELS_MAX} pixels")
        picture = file.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture).convert("L")


def _block(grey: Image) -> Block:
    from PIL import Image, ImageOps

    shrink = max(grey.width / WIDTH_DOTS, grey.height / HEIGHT_DOTS, 1)
    size = (max(1, int(grey.width / shrink)), max(1, int(grey.height / shrink)))
    black = ImageOps.invert(grey.resize(size, Image.Resampling.LANCZOS)).convert("1")
    rows = base64.b64encode(black.tobytes()).decode("ascii")
    return {"kind": "image", "width": size[0], "height": size[1], "rows": rows}
