"""Which font of the machine has Chinese: the file, and the face in it."""

from collections.abc import Iterable
from pathlib import Path

from agent.core.errors import Broken

FONT_ROOT = Path("/usr/share/fonts")
CHINESE_FONTS = (
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("NotoSansSC-Regular.otf", 0),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansCJK-Regular.ttc", 2),
)
"""File names and the face in the file, the best for paper first. Debian: fonts-wqy-zenhei, fonts-noto-cjk."""


def chinese_font(root: Path = FONT_ROOT, fonts: Iterable[tuple[str, int]] = CHINESE_FONTS) -> tuple[Path, int]:
    """Return file and face of the first font that is here; raises `Broken` (`rollout.font_missing`) without any."""
    present = {path.name: path for path in sorted(root.rglob("*.[to]t[fc]"))} if root.is_dir() else {}
    for name, face in fonts:
        if name in present:
            return present[name], face
    raise Broken("rollout.font_missing")
