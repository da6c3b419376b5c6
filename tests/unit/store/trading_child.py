"""A process that trades until it is killed or its disk is full; prints each acknowledged entry's number and key."""

import resource
import sys
import threading
from pathlib import Path

from agent.core.errors import StoreboxError
from agent.store.unit import Unit
from tests.unit.store.support import KeySigner, writer_on

THREADS = 4


def main() -> None:
    """Take path, a first number for keys, and optionally the largest file size in bytes."""
    path, first = Path(sys.argv[1]), int(sys.argv[2])
    if len(sys.argv) > 3:
        limit_bytes = int(sys.argv[3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    writer = writer_on(path, signer=KeySigner(), seal_every=50, reopen_delays_s=(0.0,))
    print("ready", flush=True)
    lock = threading.Lock()
    threads = [threading.Thread(target=trade, args=(writer, lock, first + number)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()


def trade(writer: object, lock: threading.Lock, first: int) -> None:
    """Append under a key of its own each time, and say what was acknowledged."""
    for number in range(first, first + 100_000, THREADS):

        def command(unit: Unit, number: int = number) -> int:
            unit.counter("sale")
            return unit.append("test.summed", {"name": f"n{number % 7}", "amount_fen": number, "note": "x" * 300})

        key = f"k{number}"
        try:
            seq = writer.run(command, key=key, fingerprint=key)  # type: ignore[attr-defined]
        except StoreboxError as error:
            with lock:
                print("refused", error.code, key, flush=True)
            return
        with lock:
            print("done", seq, key, flush=True)


if __name__ == "__main__":
    main()
