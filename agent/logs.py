"""Logs: one JSON line an event on standard error, where journald takes it; nothing secret in any of them.

Separate from the daemon so that every process writes the same way. structlog is imported only when logs are used.
Masked are values of secret keys, runs of 10 digits and more (payment codes are 16 to 24), and telephone numbers,
also inside tracebacks and in lines of libraries. Numbers of transactions stay, since people look things up by them.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

MASK = "***"
LEVEL_VARIABLE = "STOREBOX_LOG_LEVEL"
SECRET_KEYS = re.compile(
    r"(^|_)(pin|pins|password|passphrase|secret|token|cookie|authorization|auth_code|api_key|apikey|private_key|pepper)$",
    re.IGNORECASE,
)
PLAIN_KEYS = frozenset({"transaction", "transaction_id", "trade_no", "at"})
"""Numbers that platforms give and people look up: not secret, and useless when cut."""

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)")
_GROUPED = re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){2,6}(?:[ -]\d{1,3})?(?!\d)")
_NAMED = re.compile(r"""\b((?:token|pin|password|secret|auth_code)["']?\s?[=:]\s?["']?)[^&\s,;"']+""", re.IGNORECASE)
_RUN = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{40,}(?![0-9a-fA-F])|\d{10,}")
_PACKAGES = ("agent", "drivers", "sync")
_JOURNAL_LEVELS = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}


def masked_text(text: str) -> str:
    """Return `text` without named secrets, telephone numbers and long digit runs; last four digits and hashes stay."""
    text = _NAMED.sub(rf"\1{MASK}", text)
    text = _PHONE.sub(r"\1****\2", text)
    text = _GROUPED.sub(lambda match: MASK + match[0].replace(" ", "").replace("-", "")[-4:], text)
    return _RUN.sub(lambda match: MASK + match[0][-4:] if match[0].isdigit() else match[0], text)


def masked(value: Any, key: str = "") -> Any:
    """Return `value` as it may stand in a log under `key`."""
    if SECRET_KEYS.search(key):
        return MASK
    if isinstance(value, Mapping):
        return {str(inner): masked(each, str(inner)) for inner, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(each, key) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    text = value if isinstance(value, str) else str(value)
    return text if key in PLAIN_KEYS else masked_text(text)


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key.startswith("_") else masked(value, key) for key, value in event.items()}


def _source(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the line of the program that spoke: with the release it is the message without what was filled in."""
    record = event.get("_record")
    if record is None:
        return event
    for package in _PACKAGES:
        _, between, rest = record.pathname.rpartition(f"/{package}/")
        if between:
            event["source"] = f"{package}/{rest}:{record.lineno}"
            break
    return event


def _line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    import json

    level = _JOURNAL_LEVELS.get(str(event.get("level")), 6)
    first = {key: event.pop(key) for key in ("at", "level", "part", "event") if key in event}
    line = json.dumps(first | dict(event), ensure_ascii=False, default=str)
    if "JOURNAL_STREAM" in os.environ:
        return f"<{level}>{line}"
    return line


def configure(level: str | None = None, stream: TextIO | None = None) -> None:
    """Write events of this process, and of its libraries from warnings on, to `stream` (default standard error).

    `level` is by default what STOREBOX_LOG_LEVEL says: critical, error, warning, info or debug; info without it.
    """
    import structlog

    asked_for = (level or os.environ.get(LEVEL_VARIABLE, "")).lower()
    level = asked_for if asked_for in _JOURNAL_LEVELS else "info"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[_source, structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask, _line],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("storebox").setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get(part: str) -> "FilteringBoundLogger":
    """Return the logger of a part of the program: `get("spool").info("slip.printed", till="1", job=7)`."""
    import structlog

    logger: FilteringBoundLogger = structlog.get_logger(f"storebox.{part}", part=part)
    return logger
