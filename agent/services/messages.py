"""Headquarters' messages at a till: each stays on its page until somebody there has said that it was read.

What was read is kept beside the journal and not in it: it says nothing about trade. A message is known by its words and
its end, so that a newer list which still has it does not show it again.
"""

import json
from hashlib import sha256
from typing import Any

from agent.core.directives import Message
from agent.core.errors import Refused
from agent.services.shop import Actor, Shop
from agent.store.migrations import meta_value, set_meta
from agent.store.unit import Unit

_READ = "messages-read"
Shown = dict[str, Any]


def unread(shop: Shop, connection: Any, till: str) -> list[Shown]:
    """Return the messages in force that nobody at a till has acknowledged, in headquarters' order."""
    now_ms, known = shop.clock.now_ms(), _read(connection).get(till, [])
    return [
        {"message": identifier, "text": message.in_language(shop.store.language), "until_ms": message.until_ms}
        for identifier, message in _in_force(shop, now_ms)
        if identifier not in known
    ]


def acknowledge(shop: Shop, actor: Actor, message: str) -> None:
    """Keep that a message was read at the actor's till; twice is once. Refuses `message.unknown` when it is over."""

    def command(unit: Unit) -> None:
        in_force = {identifier for identifier, _ in _in_force(shop, unit.now_ms)}
        if message not in in_force:
            raise Refused("message.unknown")
        known = _read(unit.connection)
        known[actor.till] = sorted({*known.get(actor.till, []), message})
        kept = {till: [one for one in read if one in in_force] for till, read in known.items()}
        set_meta(unit.connection, _READ, json.dumps(kept))

    shop.writer.run(command)
    shop.changed(actor.till)


def _in_force(shop: Shop, now_ms: int) -> list[tuple[str, Message]]:
    return [(_name(one), one) for one in shop.messages if one.until_ms is None or one.until_ms > now_ms]


def _name(message: Message) -> str:
    return sha256(f"{message.until_ms}\n{message.text}\n{message.text_en}".encode()).hexdigest()[:16]


def _read(connection: Any) -> dict[str, list[str]]:
    value = meta_value(connection, _READ)
    found: dict[str, list[str]] = {} if value is None else json.loads(value)
    return found
