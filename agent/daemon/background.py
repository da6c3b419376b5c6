"""Work that nobody waits for, on a thread of its own."""

import threading
from collections.abc import Callable


def in_background(call: Callable[[], None]) -> None:
    """Run a call on a thread of its own: a platform is asked there, no handler and no device waits for it."""
    threading.Thread(target=call, name="background", daemon=True).start()
