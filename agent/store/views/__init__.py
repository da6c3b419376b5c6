"""Tables computed from the journal: what they hold, and how each entry changes them."""

from agent.store.views.evolution import evolve
from agent.store.views.tables import SCHEMA, TABLES

__all__ = ["SCHEMA", "TABLES", "evolve"]
