"""When to seal without being asked."""

from agent.store.unit import Unit

QUIET_MS = 600_000


def seal_when_idle(unit: Unit) -> int | None:
    """Seal when HQ has had every entry for 10 minutes and some of them are not sealed yet.

    The seal goes up by itself; after it nothing is unsealed, so that a quiet box does not seal for ever.
    """
    tip = unit.tip
    rows = unit.connection.execute(
        "SELECT next_seq, received_ms FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1", (unit.identity.epoch,)
    ).fetchall()
    if not rows or tip.since_seal == 0:
        return None
    next_seq, received_ms = rows[0]
    drained = next_seq == tip.seq + 1 and abs(unit.now_ms - received_ms) >= QUIET_MS
    return unit.seal() if drained else None
