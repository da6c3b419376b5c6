"""The cases that run inside the emulated machine, by name; the host reads the names, the guest runs the functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.box.guest.counter import Counter

Case = Callable[["Counter"], None]
REGISTERED: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Register a case under the name of its function; it fails by AssertionError or any other error."""
    assert function.__name__ not in REGISTERED, f"two cases are called {function.__name__}"
    REGISTERED[function.__name__] = function
    return function
