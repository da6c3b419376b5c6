"""Where an entry stands: epoch and number order all history, the clock does not."""

from typing import NamedTuple


class Place(NamedTuple):
    """The place of one entry in the store's history; `at_ms` is the box's wall clock, which may be wrong."""

    epoch: int
    seq: int
    at_ms: int
