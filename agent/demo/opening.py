"""Opens the demo's shop for business, through the local API as any page would: day, shifts, a cashier at each till.

So that a code scanned on the desk trades at once. A shop that is open already stays as it is.
"""

import secrets
from typing import Any

import requests

from agent.demo.folder import PEOPLE, TILLS

CASHIERS = {"1": "07", "2": "08"}
MANAGER = "01"
FLOAT_FEN = 50_000
TIMEOUT_S = 10.0


class Seat:
    """Somebody at a till of the box, over its local API."""

    def __init__(self, url: str, staff: str, till: str) -> None:
        self._url = f"{url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Origin"] = url
        pin = next(one.pin for one in PEOPLE if one.staff == staff)
        csrf = self.post("/session", {"staff": staff, "pin": pin, "till": till})["csrf"]
        self._session.headers["X-Storebox-CSRF"] = csrf

    def state(self) -> dict[str, Any]:
        """Return what the till's page would show."""
        return self.get("/state")

    def get(self, path: str) -> dict[str, Any]:
        """Return what the box shows; raises `requests.HTTPError` when it refuses."""
        answer = self._session.get(f"{self._url}{path}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do something once; raises `requests.HTTPError` when the box refuses it."""
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        answer = self._session.post(f"{self._url}{path}", json=body, headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def leave(self) -> None:
        """Log out."""
        self._session.delete(f"{self._url}/session", timeout=TIMEOUT_S).raise_for_status()


def open_for_business(url: str) -> None:
    """Open the business day where none is open, and a shift at each till; a cashier stays logged in at each."""
    manager = Seat(url, MANAGER, TILLS[0].till)
    day = manager.state()["day"]
    if day is None or day["state"] != "open":
        manager.post("/day/open", {})
    manager.leave()
    for till in TILLS:
        cashier = Seat(url, CASHIERS[till.till], till.till)
        if cashier.state()["shift"] is None:
            cashier.post("/shift/open", {"float_fen": FLOAT_FEN})
