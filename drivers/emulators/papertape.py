"""The paper log on disk: one JSON object a line, written out at once, so that it can be tailed."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType

from drivers.emulators.paper import Mark, as_fields

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class PaperTape:
    """Appends marks to a file. Usable as the printer's `on_mark`.

    Lines are `{at_ms, job, kind, text|data, …}` with kind `line`, `qr`, `image`, `barcode`, `cut`,
    `pulse` or `note`. `job` counts finished cuts since the printer was started: a slip's lines and
    the cut that ends it have the same number, from 0.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, mark: Mark) -> None:
        fields = as_fields(mark)
        if fields is not None:
            self._file.write(_encode(fields) + "\n")

    def close(self) -> None:
        """Close the file; no mark may follow."""
        self._file.close()

    def __enter__(self) -> PaperTape:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
