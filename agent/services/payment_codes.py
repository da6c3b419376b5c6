"""Payment codes that were used here a short while ago: each serves once, and none of them is kept.

A code is a bearer secret that its wallet renews every minute; it serves once, also when it was declined (payments.md
1.10). One that is seen again is refused here, before a platform is asked, so that a scanner that reads twice or a
customer who shows an old picture costs no second order.
"""

import threading
from hashlib import sha256

from agent.core.errors import Refused
from agent.core.payer import code_hash

REMEMBERED_S = 600
REMEMBERED_MAX = 5_000


class SeenCodes:
    """Keyed hashes of the codes of the last ten minutes, in memory; after a restart the platform refuses them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen_s: dict[bytes, float] = {}

    def use(self, key: bytes, code: str, now_s: float) -> None:
        """Take a code as used now; refuses one that was used before (`code.used_before`)."""
        name = code_hash(key, code) if key else sha256(code.encode()).digest()
        with self._lock:
            self._forget(now_s - REMEMBERED_S)
            if name in self._seen_s:
                raise Refused("code.used_before")
            self._seen_s[name] = now_s

    def _forget(self, before_s: float) -> None:
        for name in list(self._seen_s):
            if self._seen_s[name] >= before_s and len(self._seen_s) < REMEMBERED_MAX:
                return
            del self._seen_s[name]
