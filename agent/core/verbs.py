"""What headquarters may have a box do: a closed list of verbs, each with who asked, why, and until when. Pure.

None moves money, opens a drawer or a shell; what a verb may be told is a closed list as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from agent.core.directives import Kind, json_of
from agent.core.errors import Refused
from agent.core.events import Event

ASKER_MAX, REASON_MAX = 80, 200
LIFE_MAX_MS = 7 * 24 * 3600 * 1000
_PRINTER = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Verb(StrEnum):
    """What a box can be asked for."""

    PRINT_TEST_SLIP = "print_test_slip"
    EXAMINE = "examine"
    """Run the doctor and report the findings by name, state and code."""
    SEND_BUNDLE = "send_bundle"
    SEND_JOURNAL = "send_journal"
    """Send what waits, whatever the backoff says."""
    VERIFY_JOURNAL = "verify_journal"
    BACK_UP = "back_up"
    RESTART = "restart"
    """End the service in order; systemd starts it again. Never while a sale or a payment is open."""


ARGUMENTS: Mapping[Verb, Mapping[str, re.Pattern[str]]] = {
    Verb.PRINT_TEST_SLIP: {"printer": _PRINTER},
}
"""What a verb may be told; those that are not here take nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """A verb as it was asked for."""

    verb: Verb
    arguments: Mapping[str, str]
    asked_by: str
    reason: str
    asked_at_ms: int
    expires_at_ms: int

    def body(self) -> dict[str, Any]:
        """Return it as it goes down."""
        return {
            "verb": self.verb.value,
            "arguments": dict(self.arguments),
            "asked_by": self.asked_by,
            "reason": self.reason,
            "asked_at_ms": self.asked_at_ms,
            "expires_at_ms": self.expires_at_ms,
        }


@dataclass(frozen=True, slots=True)
class VerbDone(Event):
    """A verb of headquarters came to its end: done, refused, or not done; `version` is that of its directive."""

    KIND: ClassVar[str] = "verb.done"
    version: int
    verb: str
    asked_by: str
    reason: str
    outcome: str
    code: str | None


def order_of(body: str) -> Order:
    """Read an order; refuses with `verb.unknown`, `verb.malformed`."""
    values = json_of(Kind.VERB, body)
    if set(values) != {"verb", "arguments", "asked_by", "reason", "asked_at_ms", "expires_at_ms"}:
        raise Refused("verb.malformed", field="keys")
    if values["verb"] not in list(Verb):
        raise Refused("verb.unknown", verb=str(values["verb"])[:40])
    verb, arguments = Verb(values["verb"]), values["arguments"]
    allowed = ARGUMENTS.get(verb, {})
    if not isinstance(arguments, dict):
        raise Refused("verb.malformed", field="arguments")
    for name, value in arguments.items():
        if name not in allowed or not isinstance(value, str) or not allowed[name].fullmatch(value):
            raise Refused("verb.malformed", field=str(name)[:40])
    for name, longest in (("asked_by", ASKER_MAX), ("reason", REASON_MAX)):
        text = values[name]
        if not isinstance(text, str) or not 2 <= len(text) <= longest or not text.isprintable():
            raise Refused("verb.malformed", field=name)
    asked_at_ms, expires_at_ms = values["asked_at_ms"], values["expires_at_ms"]
    if type(asked_at_ms) is not int or type(expires_at_ms) is not int:
        raise Refused("verb.malformed", field="expires_at_ms")
    if not 0 < expires_at_ms - asked_at_ms <= LIFE_MAX_MS:
        raise Refused("verb.malformed", field="expires_at_ms")
    return Order(verb, arguments, values["asked_by"], values["reason"], asked_at_ms, expires_at_ms)
