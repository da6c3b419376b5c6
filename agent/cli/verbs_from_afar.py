"""What headquarters may ask a running box for that the daemon does not know: examinations and bundles.

Each runs in a process of its own, with the commands a technician would type, so that a sick examination can't hold the
shop.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from agent.core.errors import TryLater
from agent.core.verbs import Order, Verb
from agent.settings import Settings

PROGRAM = (sys.executable, "-c", "from agent.cli import main; main()")
TIMEOUT_S = 300
FOUND = (0, 1)
"""Exit codes of a command that did its work."""


def verbs_of(settings: Settings, hq: str | None) -> "Mapping[Verb, Any]":
    """Return the verbs with what does them."""
    state = str(settings.state)

    def examine(_: Order) -> Mapping[str, Any]:
        rows = _asked("doctor", "--state", state, "--json")["rows"]
        found = [{"name": row["name"][:40], "state": row["state"], "code": row["code"]} for row in rows]
        return {"findings": [one for one in found if one["state"] != "ok"][:40], "examined": len(found)}

    def send_bundle(_: Order) -> Mapping[str, Any]:
        sent = _asked("bundle", "--send", "--state", state, "--json", *(("--hq", hq) if hq else ()))
        return {"sha256": sent["sha256"], "bytes": sent["bytes"]}

    return {Verb.EXAMINE: examine, Verb.SEND_BUNDLE: send_bundle}


def _asked(*command: str) -> dict[str, Any]:
    try:
        done = subprocess.run([*PROGRAM, *command], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        answer = json.loads(done.stdout) if done.returncode in FOUND else None
    except (subprocess.TimeoutExpired, ValueError):
        answer = None
    if not isinstance(answer, dict):
        raise TryLater("verb.command_ended", command=command[0])
    return answer
