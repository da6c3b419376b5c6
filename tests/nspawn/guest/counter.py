"""At the counter of the installed box: what a cashier's page and the emulated scanner do. Prints one JSON document.

counter.py scan CODE             have the scanner read a code
counter.py open                  begin the day and a shift
counter.py sell CODE…            scan the codes and the card for cash; prints the number of sales
counter.py sales                 print the number of sales
counter.py restart UNIT          ask for pages without a pause while UNIT is restarted; prints how they were answered
"""

import json
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import requests

URL = "http://127.0.0.1:8080"
SCANNER = "/run/shop/scanner.sock"
WITHIN_S = 30.0


class Page:
    """A cashier's page."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._csrf = ""
        self._count = 0

    def log_in(self, staff: str) -> None:
        """Begin a session at till 1."""
        self._csrf = self.post("/session", {"staff": staff, "pin": "246810", "till": "1"})["csrf"]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a change; raises RuntimeError with the answer when it is refused."""
        self._count += 1
        headers = {"Origin": URL, "X-Storebox-CSRF": self._csrf, "Idempotency-Key": f"{time.time_ns()}-{self._count}"}
        answer = self._session.post(f"{URL}/api/v1{path}", json=body, headers=headers, timeout=WITHIN_S)
        if not answer.ok:
            raise RuntimeError(answer.text)
        document: dict[str, Any] = answer.json()
        return document

    def get(self, path: str) -> Any:
        """Return what is at a path."""
        answer = self._session.get(f"{URL}/api/v1{path}", timeout=WITHIN_S)
        answer.raise_for_status()
        return answer.json()


def scan(text: str) -> None:
    """Have the emulated scanner read a code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(SCANNER)
        connection.sendall(f"{text}\n".encode())
        answer = connection.makefile(encoding="utf-8").readline().strip()
    if answer != "ok":
        raise RuntimeError(f"the scanner said {answer!r} to {text}")


def awaited(what: Any, wanted: Any) -> Any:
    """Return what `what` gives once it is wanted; raises TimeoutError."""
    ends_s = time.monotonic() + WITHIN_S
    while not wanted(found := what()):
        if time.monotonic() > ends_s:
            raise TimeoutError(repr(found))
        time.sleep(0.02)
    return found


def open_shop(page: Page) -> dict[str, Any]:
    """Begin the day and a shift with an empty drawer."""
    page.post("/day/open", {})
    page.post("/shift/open", {"float_fen": 0})
    return {"open": True}


def sell(page: Page, *codes: str) -> dict[str, Any]:
    """Scan goods and the card for cash."""
    before = len(page.get("/sales"))
    for code in (*codes, "X1CASH"):
        scan(code)
    awaited(lambda: len(page.get("/sales")), lambda count: count == before + 1)
    return sales(page)


def sales(page: Page) -> dict[str, Any]:
    """Count the sales."""
    found = page.get("/sales")
    return {"sales": len(found), "total_fen": sum(one["total_fen"] for one in found)}


def restart(unit: str) -> dict[str, Any]:
    """Ask for /health by new connections while a unit is restarted."""
    ended = threading.Event()
    answered: list[float] = []
    refused: list[str] = []

    def ask() -> None:
        while not ended.is_set():
            began_s = time.monotonic()
            try:
                requests.get(f"{URL}/health", timeout=WITHIN_S).raise_for_status()
                answered.append(time.monotonic() - began_s)
            except requests.RequestException as error:
                refused.append(repr(error))

    asker = threading.Thread(target=ask)
    asker.start()
    subprocess.run(["systemctl", "restart", unit], check=True)
    awaited(lambda: len(answered), lambda count: count > 10)
    ended.set()
    asker.join()
    return {"answered": len(answered), "refused": refused, "longest_s": round(max(answered), 3)}


def main(verb: str, *words: str) -> None:
    """Do one verb."""
    if verb == "restart":
        print(json.dumps(restart(*words)))
        return
    if verb == "scan":
        scan(*words)
        print("{}")
        return
    page = Page()
    page.log_in("01")
    verbs = {"open": open_shop, "sell": sell, "sales": sales}
    print(json.dumps(verbs[verb](page, *words)))


main(*sys.argv[1:])
