"""From a network code to a network, as far as a process without rights can: a request to root's helper, and its answer.

The request is a file below the state folder; `storebox-network.path` starts `agent.setup.network` as root, which
checks it again, applies it, puts the old configuration back when the gateway does not answer, and writes what it found.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, TryLater
from agent.core.network_codes import network_code, read_network_code
from agent.core.ports import Clock, Entropy
from agent.core.receipt_steps import NetworkStep, StepResult
from agent.disk import write_private
from agent.setup.destination import Destination
from sync.first_contact import server_fault
from sync.introduction import NONCE_BYTES
from sync.session import PROXY_VARIABLE

REQUEST, ANSWER = "network-request.json", "network-answer.json"
ANSWER_WITHIN_S = 60.0
LOOK_EVERY_S = 0.25
LAYERS = (NetworkStep.LINK, NetworkStep.ADDRESS, NetworkStep.GATEWAY)
"""What root's helper tells about; the rest is tried from here."""


def joined(
    state: Path,
    text: str,
    destination: Destination | None,
    clock: Clock,
    entropy: Entropy,
    *,
    within_s: float = ANSWER_WITHIN_S,
    sleep: Callable[[float], None] = time.sleep,
) -> list[StepResult]:
    """Have a network code applied and return how far the box comes, layer by layer.

    `destination` is where the code leads that waits for a network; None: nobody knows where headquarters is. Raises
    what `read_network_code` does; `TryLater` `setup.no_network_helper` when root's helper does not answer; the helper's
    own refusal.
    """
    plan = read_network_code(text)
    request = entropy.random_bytes(8).hex()
    folder = state / "setup"
    write_private(folder / REQUEST, canonical_bytes({"id": request, "code": network_code(plan)}))
    ends_at_s = clock.monotonic_s() + within_s
    while (answer := _answer(folder / ANSWER, request)) is None:
        if clock.monotonic_s() >= ends_at_s:
            (folder / REQUEST).unlink(missing_ok=True)
            raise TryLater("setup.no_network_helper")
        sleep(LOOK_EVERY_S)
    applied = answer.get("applied") is True
    if applied:
        os.environ[PROXY_VARIABLE] = plan.proxy  # what a start reads from proxy.env, for this process
    return [*_local(answer), *_beyond(destination, entropy, good=applied)]


def _answer(path: Path, request: str) -> Mapping[str, object] | None:
    try:
        document = parse(path.read_bytes())
    except (OSError, Broken):
        return None
    return document if isinstance(document, Mapping) and document.get("id") == request else None


def _local(answer: Mapping[str, object]) -> list[StepResult]:
    layers = answer.get("layers")
    told = layers if isinstance(layers, Mapping) else {}
    results = []
    for step in LAYERS:
        one = told.get(step.value)
        row = one if isinstance(one, Mapping) else {}
        good = row.get("good")
        results.append(StepResult(step, good if isinstance(good, bool) else None, str(row.get("detail", ""))[:60]))
    return results


def _beyond(destination: Destination | None, entropy: Entropy, *, good: bool) -> list[StepResult]:
    """Try name server, headquarters, secure connection and signed answer; the first that is at fault leaves the rest
    untried.
    """
    steps = (NetworkStep.DNS, NetworkStep.HEADQUARTERS, NetworkStep.TLS, NetworkStep.SIGNED)
    if destination is None or not good:
        return [StepResult(step, None) for step in steps]
    host = urlsplit(destination.url).hostname or ""
    nonce = entropy.random_bytes(NONCE_BYTES)
    fault = server_fault(destination.url, nonce, destination.fingerprint, destination.store)
    reached = len(steps) if fault is None else _reached(fault.code, host)
    return [
        StepResult(step, True if place < reached else False if place == reached else None, host if place == 0 else "")
        for place, step in enumerate(steps)
    ]


def _reached(code: str, host: str) -> int:
    """Return how many layers an error proves good."""
    if code == "network.unreachable":
        return 1 if _resolves(host) else 0
    known = {"network.certificate": 2, "tls.pin_mismatch": 2, "network.no_answer": 1, "network.answer_cut": 1}
    return known.get(code, 3)


def _resolves(host: str) -> bool:
    import socket

    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True
