"""Buys all the time as another till's program does, and writes down what was acknowledged and when.

customer.py KEY FILE      FILE gets a JSON line a sale: reference, and when it was acknowledged on the monotonic clock,
                          which the machine outside shares; or a refusal that nothing explains, after which it ends

It runs by the system's Python, since releases come and go.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

URL = "http://127.0.0.1:8080/api/v1/sales"
ANSWERS_WITHIN_S = 3.0
EVERY_S = 0.2
AGAIN_S = 0.05


def sold(key: str, reference: str) -> str | None:
    """Sell once; None is no answer, or one that says to come again. Raises RuntimeError with a refusal."""
    body = {
        "reference": reference,
        "lines": [{"sku": "G1", "name": "馒头", "quantity": 1, "list_fen": 150}],
        "tenders": [{"kind": "cash", "amount_fen": 150}],
    }
    headers = {
        "Authorization": f"Bearer {key}",
        "Idempotency-Key": f"key-{reference}",
        "Content-Type": "application/json",
        "Connection": "close",
    }
    asked = urllib.request.Request(URL, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(asked, timeout=ANSWERS_WITHIN_S) as answer:
            answer.read()
            return reference
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code != 429:
            raise RuntimeError(error.read(2000).decode("utf-8", "replace")) from error
        return None
    except OSError:
        return None


def write_down(file: Path, fact: dict[str, object]) -> None:
    """Append a line, in one write."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(descriptor, f"{json.dumps(fact, ensure_ascii=False)}\n".encode())
    os.close(descriptor)


def main(key: str, file: Path) -> None:
    """Buy until killed."""
    number, began_ns = 0, time.monotonic_ns()
    while True:
        number += 1
        reference = f"C-{began_ns}-{number}"
        try:
            while sold(key, reference) is None:
                time.sleep(AGAIN_S)
        except RuntimeError as error:
            write_down(file, {"fault": str(error)})
            return
        write_down(file, {"reference": reference, "at_s": time.monotonic()})
        time.sleep(EVERY_S)


main(sys.argv[1], Path(sys.argv[2]))
