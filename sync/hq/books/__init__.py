"""The books of headquarters: its own chained journal, and what is computed from it (docs/decisions/009)."""
