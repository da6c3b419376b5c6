"""Putting an event of the core into the journal."""

from agent.core.events import Event
from agent.store.unit import Unit


def record(unit: Unit, event: Event) -> int:
    """Append an event inside a command and return its number."""
    return unit.append_event(event.KIND, event.body())
