"""What a technician may ask of a box that runs: verbs by name, also over a socket in the state folder.

The command line never opens a second writer: it asks here, or, when no box runs, opens the box itself and runs the
same verb. The socket belongs to the box's user alone; a line of JSON in, a line of JSON out.
"""

import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from agent.core.errors import Broken, Refused, StoreboxError
from agent.core.receipt_diagnosis import Complaint
from agent.daemon.box import Box
from agent.daemon.sockets import connected_unix, listening_unix
from agent.services import health, lookup, quiet, staff
from agent.services.examiner import print_examination, print_for_technician

log = logging.getLogger("storebox.control")

FILE = "agent.sock"
LINE_BYTES_MAX = 64 * 1024
READ_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0

Values = Mapping[str, str]
Verb = Callable[[Box, Values], Any]


def _add_person(box: Box, values: Values) -> Any:
    staff.add_person(
        box.shop, values["staff"], values["name"], values["role"], values["pin"], values.get("by", "technician")
    )
    return {"staff": values["staff"], "name": values["name"], "role": values["role"]}


def _disable_person(box: Box, values: Values) -> Any:
    staff.disable_person(box.shop, values["staff"], "technician")
    return {"staff": values["staff"]}


def _add_key(box: Box, values: Values) -> Any:
    identifier, key = staff.add_api_key(box.shop, values["name"], values["role"], values["till"])
    return {"id": identifier, "key": key, "till": values["till"], "role": values["role"]}


def _revoke_key(box: Box, values: Values) -> Any:
    staff.revoke_api_key(box.shop, values["id"])
    return {"id": values["id"]}


def _status(box: Box, values: Values) -> Any:
    return {"lamps": health.lamps(box.shop), "unsent": health.unsent(box.shop), "stopped": box.writer.stopped}


def _test_printer(box: Box, values: Values) -> Any:
    from agent.daemon.self_tests import test_on_box

    return test_on_box(box, values)


def _print_document(box: Box, values: Values) -> Any:
    from agent.daemon.self_tests import print_document

    return print_document(box, values)


def _figures(box: Box, values: Values) -> Any:
    from agent.services.figures import as_rows, figures

    return as_rows(figures(box.shop))


def _print_examination(box: Box, values: Values) -> Any:
    complaints = [Complaint(**one) for one in json.loads(values["complaints"])]
    return {"slip": print_examination(box.shop, values["till"], int(values["looked_at"]), complaints)}


def _print_drill(box: Box, values: Values) -> Any:
    document = json.loads(values["document"])
    return {"slip": print_for_technician(box.shop, values["till"], "drill", document)}


def _find_payment(box: Box, values: Values) -> Any:
    """Look a payment up; waits for platform and headquarters, for as long as their time-outs allow."""
    amount_fen, paid_at_ms, within_ms = (
        int(values.get(name, "0")) for name in ("amount_fen", "paid_at_ms", "within_ms")
    )
    till = values.get("till") or next(iter(box.shop.tills))
    return lookup.find(box.shop, till, values.get("number"), amount_fen, paid_at_ms, within_ms)


def _match_bills(box: Box, values: Values) -> Any:
    """Match one day of a platform, or all that is due; waits for the platform where its bill must be fetched."""
    if "day" not in values:
        return box.bills.round()
    day = date.fromisoformat(values["day"])
    names = [values["platform"]] if "platform" in values else [one.name for one in box.bills.accounts()]
    fetch, again = values.get("fetch") != "no", values.get("again") == "yes"
    return [box.bills.match_day(name, day, fetch=fetch, again=again) for name in names]


def _tell_verification(box: Box, values: Values) -> Any:
    """Tell the pages of a fault that a verification outside this process found; returns it, or None."""
    from agent.jobs import last_verification

    fault = (last_verification(box.settings.state) or {}).get("fault")
    if fault is not None:
        told = {"epoch": fault["epoch"], "seq": fault["seq"]}
        box.shop.publish("notice", {"code": fault["code"], "values": told})
    return {"fault": fault}


def _send_now(box: Box, values: Values) -> Any:
    if box.headquarters.uplink is None:
        raise Refused("sync.no_headquarters")
    box.headquarters.hurry()
    return health.unsent(box.shop)


def _trade(box: Box, values: Values) -> Any:
    """Tell what goes on at the counter, for whoever wants to restart the box in a quiet moment."""
    return asdict(quiet.trade(box.shop))


VERBS: dict[str, Verb] = {
    "staff.list": lambda box, values: staff.people(box.shop),
    "staff.add": _add_person,
    "staff.disable": _disable_person,
    "key.list": lambda box, values: staff.api_keys(box.shop),
    "key.add": _add_key,
    "key.revoke": _revoke_key,
    "status": _status,
    "payment.find": _find_payment,
    "bill.match": _match_bills,
    "device.known": lambda box, values: box.devices.known(),
    "device.test": _test_printer,
    "device.print": _print_document,
    "figures": _figures,
    "sync.now": _send_now,
    "ledger.verified": _tell_verification,
    "doctor.print": _print_examination,
    "drill.print": _print_drill,
    "trade": _trade,
}


def act(box: Box, verb: str, values: Values) -> Any:
    """Run a verb on an open box; refuses an unknown one (`control.unknown_verb`)."""
    found = VERBS.get(verb)
    if found is None:
        raise Refused("control.unknown_verb", verb=verb[:40])
    return found(box, values)


def ask(state: Path, verb: str, values: Values) -> Any:
    """Have the box that runs in a state folder run a verb; raises its refusal, OSError when nobody answers."""
    with connected_unix(state / "run" / FILE, ANSWER_TIMEOUT_S) as connection:
        connection.sendall(json.dumps({"verb": verb, "values": dict(values)}).encode() + b"\n")
        answer = json.loads(_line(connection))
    if "error" in answer:
        raise _error(answer["error"])
    return answer["answer"]


class Control:
    """Serves the verbs of a running box, one caller at a time, on a thread that sleeps until one comes."""

    def __init__(self, box: Any, state: Path, act: Callable[[Any, str, Values], Any] = act) -> None:
        """`act` runs a verb on `box`: another one for a box that does not trade yet."""
        self._box = box
        self._act = act
        self._path = state / "run" / FILE
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._listener = listening_unix(self._path)
        self._thread.start()

    def stop(self) -> None:
        """End; the caller being served gets its answer."""
        if self._listener is None:
            return
        self._path.unlink(missing_ok=True)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(READ_TIMEOUT_S)
        self._listener.close()

    def _run(self) -> None:
        listener = self._listener
        while listener is not None:
            try:
                connection, _ = listener.accept()
            except OSError:  # shut down
                return
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(READ_TIMEOUT_S)
        try:
            answer = self._answer(_line(connection))
            connection.sendall(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            log.info("a caller went away: %s", error)

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            return {"answer": self._act(self._box, str(asked["verb"]), asked["values"])}
        except StoreboxError as error:
            return {"error": {"code": error.code, "family": error.family.value, "values": error.values}}
        except (ValueError, KeyError, TypeError) as error:
            log.warning("a malformed request: %r", error)
            return {"error": {"code": "control.malformed", "family": "refused", "values": {}}}


def _line(connection: socket.socket) -> bytes:
    data = bytearray()
    while not data.endswith(b"\n") and len(data) < LINE_BYTES_MAX:
        piece = connection.recv(LINE_BYTES_MAX)
        if not piece:
            break
        data += piece
    return bytes(data)


def _error(told: Mapping[str, Any]) -> StoreboxError:
    kinds = {kind.family.value: kind for kind in StoreboxError.__subclasses__()}
    return kinds.get(str(told.get("family")), Broken)(str(told["code"]), **told.get("values", {}))
