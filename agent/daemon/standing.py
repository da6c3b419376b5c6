"""What headquarters' fleet page wants to know of a box beside its trade: room, seals, verification, tests, starts."""

import json
import shutil
from pathlib import Path
from typing import Any

from agent.daemon.boots import counted
from agent.services.shop import Shop

_LAST_SEAL = "SELECT at_ms FROM journal WHERE seq = (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'last_seal')"
_OLDEST = """SELECT min(at_ms) FROM journal WHERE seq >= coalesce(
 (SELECT next_seq FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1), 1)"""


def standing_told(shop: Shop, state: Path) -> dict[str, Any]:
    """Return numbers and times; what there is not is None."""
    connection = shop.read()
    sealed = connection.execute(_LAST_SEAL).fetchone()
    oldest = connection.execute(_OLDEST, (shop.identity.epoch,)).fetchone()
    verified, report = _read(state / "verified.json"), _read(state / "setup" / "report.json")
    return {
        "disk_free_mib": shutil.disk_usage(state).free // 2**20,
        "last_seq": shop.writer.last_seq,
        "sealed_ms": None if sealed is None else sealed[0],
        "oldest_unsent_ms": None if oldest is None else oldest[0],
        "verified_ms": _number(verified.get("at_ms")),
        "verified_good": "fault" in verified and verified["fault"] is None,
        "self_test_ms": _number(report.get("at_ms")),
        "unclean_boots": counted(state)["unclean"],
    }


def _number(value: object) -> int | None:
    return value if type(value) is int else None


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
