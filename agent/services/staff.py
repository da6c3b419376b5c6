"""People at the box: PIN login, sessions, approvals, API keys of third-party tills.

A PIN has few digits, so its hash alone protects nothing: it is keyed with a pepper that stays on the box, hashed with
argon2id, and guesses are limited: five, then a wait that doubles from 30 s.
"""

import hmac
from hashlib import sha256
from typing import Any

from agent.core.errors import Credentials, Refused
from agent.core.events import StaffChanged
from agent.core.roles import Role
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.store.unit import Unit

Shown = dict[str, Any]
GUESSES_FREE = 5
WAIT_FIRST_MS = 30_000
WAIT_MAX_MS = 3_600_000
SESSION_MS = 14 * 3_600_000
PIN_LENGTHS = range(4, 9)


def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def _peppered(shop: Shop, pin: str) -> str:
    return hmac.new(shop.pepper, pin.encode(), sha256).hexdigest()


def _token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def people(shop: Shop) -> list[Shown]:
    """Return who may log in, for the login screen: number, name and role."""
    rows = shop.read().execute("SELECT id, name, role FROM staff WHERE disabled = 0 ORDER BY id").fetchall()
    return [{"staff": staff, "name": name, "role": role} for staff, name, role in rows]


def add_person(shop: Shop, staff: str, name: str, role: str, pin: str, by: str = "setup") -> None:
    """Make or change a person's account on this box. Refuses PINs of other than 4 to 8 digits and unknown roles.

    A change ends the person's sessions: whoever knew the old PIN is out at once.
    """
    if len(pin) not in PIN_LENGTHS or not pin.isdecimal():
        raise Refused("staff.bad_pin")
    if role not in list(Role):
        raise Refused("staff.bad_role", role=role[:40])
    pin_hash = _hasher().hash(_peppered(shop, pin))

    def command(unit: Unit) -> None:
        unit.connection.execute(
            "INSERT INTO staff(id, name, role, pin_hash, changed_ms) VALUES(?1,?2,?3,?4,?5) ON CONFLICT(id) DO UPDATE"
            " SET name = ?2, role = ?3, pin_hash = ?4, changed_ms = ?5, failures = 0, locked_until_ms = NULL,"
            " disabled = 0",
            (staff, name, role, pin_hash, unit.now_ms),
        )
        unit.connection.execute("DELETE FROM session WHERE staff = ?", (staff,))
        record(unit, StaffChanged(staff, "saved", by))

    shop.writer.run(command)


def disable_person(shop: Shop, staff: str, by: str) -> None:
    """Take a person's right to log in and end his sessions; refuses an unknown number (`staff.unknown`)."""

    def command(unit: Unit) -> None:
        changed = unit.connection.execute("UPDATE staff SET disabled = 1 WHERE id = ?", (staff,)).rowcount
        if not changed:
            raise Refused("staff.unknown", staff=staff[:40])
        unit.connection.execute("DELETE FROM session WHERE staff = ?", (staff,))
        record(unit, StaffChanged(staff, "disabled", by))

    shop.writer.run(command)


def _checked(shop: Shop, staff: str, pin: str) -> tuple[str, str]:
    """Return name and role after the PIN was right; counts wrong guesses and makes them wait."""
    row = (
        shop.read()
        .execute(
            "SELECT name, role, pin_hash, failures, locked_until_ms FROM staff WHERE id = ? AND disabled = 0", (staff,)
        )
        .fetchone()
    )
    now_ms = shop.clock.now_ms()
    if row is not None and row[4] is not None and now_ms < row[4] <= now_ms + WAIT_MAX_MS:
        # A longer wait was counted by a clock that was wrong and has been set back since.
        raise Credentials("staff.locked", seconds=(row[4] - now_ms + 999) // 1000)
    if row is None or not _matches(shop, row[2], pin):
        _count_failure(shop, staff)
        raise Credentials("staff.wrong_pin")
    if row[3]:
        shop.writer.run(
            lambda unit: (
                unit.connection.execute(
                    "UPDATE staff SET failures = 0, locked_until_ms = NULL WHERE id = ?", (staff,)
                ).rowcount
            )
        )
    return row[0], row[1]


def _matches(shop: Shop, pin_hash: str | None, pin: str) -> bool:
    from argon2.exceptions import VerificationError, VerifyMismatchError

    if pin_hash is None or len(pin) not in PIN_LENGTHS:
        return False
    try:
        return bool(_hasher().verify(pin_hash, _peppered(shop, pin)))
    except (VerifyMismatchError, VerificationError):
        return False


def _count_failure(shop: Shop, staff: str) -> None:
    def command(unit: Unit) -> None:
        row = unit.connection.execute(
            "UPDATE staff SET failures = failures + 1 WHERE id = ? RETURNING failures", (staff,)
        ).fetchone()
        if row is None or row[0] < GUESSES_FREE:
            return
        wait_ms = min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (row[0] - GUESSES_FREE))
        unit.connection.execute("UPDATE staff SET locked_until_ms = ? WHERE id = ?", (unit.now_ms + wait_ms, staff))
        record(unit, StaffChanged(staff, "locked", "box"))

    shop.writer.run(command)


def login(shop: Shop, staff: str, pin: str, till: str) -> tuple[str, Actor]:
    """Return a new session's token and who it is; refuses a wrong PIN and a till that the box does not have.

    Raises `Credentials` `staff.wrong_pin` or `staff.locked` (with the seconds to wait).
    """
    if till not in shop.tills:
        raise Refused("till.unknown", till=till[:40])
    name, role = _checked(shop, staff, pin)
    token = shop.entropy.random_bytes(32).hex()

    def command(unit: Unit) -> None:
        unit.connection.execute("DELETE FROM session WHERE expires_ms < ?", (unit.now_ms,))
        unit.connection.execute(
            "INSERT INTO session(token_hash, staff, till, created_ms, expires_ms) VALUES(?,?,?,?,?)",
            (_token_hash(token), staff, till, unit.now_ms, unit.now_ms + SESSION_MS),
        )

    shop.writer.run(command)
    shop.changed(till)
    return token, Actor(staff, name, role, till)


def logout(shop: Shop, token: str) -> None:
    """End a session. Nothing else is lost: drafts, attempts and unsent entries stay where they are."""
    shop.writer.run(
        lambda unit: unit.connection.execute("DELETE FROM session WHERE token_hash = ?", (_token_hash(token),)).rowcount
    )


def approve(shop: Shop, staff: str, pin: str) -> Approval:
    """Return the approval of a second person after the PIN was right; raises like `login`."""
    _, role = _checked(shop, staff, pin)
    return Approval(staff, role)


def actor_of_session(shop: Shop, token: str) -> Actor | None:
    """Return who a session is, or None when it is unknown or over."""
    row = (
        shop.read()
        .execute(
            "SELECT s.staff, p.name, p.role, s.till FROM session s JOIN staff p ON p.id = s.staff"
            " WHERE s.token_hash = ? AND s.expires_ms > ? AND p.disabled = 0",
            (_token_hash(token), shop.clock.now_ms()),
        )
        .fetchone()
    )
    return None if row is None else Actor(*row)


def actor_at_till(shop: Shop, till: str) -> Actor | None:
    """Return who is logged in at a till (the newest session), for its scanner and command card."""
    row = (
        shop.read()
        .execute(
            "SELECT s.staff, p.name, p.role, s.till FROM session s JOIN staff p ON p.id = s.staff"
            " WHERE s.till = ? AND s.expires_ms > ? AND p.disabled = 0 ORDER BY s.created_ms DESC LIMIT 1",
            (till, shop.clock.now_ms()),
        )
        .fetchone()
    )
    return None if row is None else Actor(*row)


def add_api_key(shop: Shop, name: str, role: str, till: str) -> tuple[str, str]:
    """Make a key of a third-party till; returns its id and the key, which is shown once and stored as a hash."""
    if role not in (Role.CASHIER, Role.SHIFT_LEAD, Role.STORE_MANAGER):
        raise Refused("staff.bad_role", role=role[:40])
    if till not in shop.tills:
        raise Refused("till.unknown", till=till[:40])
    secret = shop.entropy.random_bytes(24).hex()
    identifier = shop.entropy.random_bytes(4).hex()
    key = f"sbk_{identifier}_{secret}"

    def command(unit: Unit) -> None:
        unit.connection.execute(
            "INSERT INTO api_key(id, name, hash, role, till, created_ms) VALUES(?,?,?,?,?,?)",
            (identifier, name[:60], _token_hash(key), role, till, unit.now_ms),
        )
        record(unit, StaffChanged(f"key:{identifier}", "saved", "technician"))

    shop.writer.run(command)
    return identifier, key


def api_keys(shop: Shop) -> list[Shown]:
    """Return the keys of third-party tills, without the keys themselves."""
    names = "id, name, role, till, created_ms, revoked"
    rows = shop.read().execute(f"SELECT {names} FROM api_key ORDER BY created_ms").fetchall()
    return [dict(zip(names.split(", "), row, strict=True)) for row in rows]


def revoke_api_key(shop: Shop, identifier: str) -> None:
    """End a key at once; refuses an unknown id (`key.unknown`)."""

    def command(unit: Unit) -> None:
        changed = unit.connection.execute("UPDATE api_key SET revoked = 1 WHERE id = ?", (identifier,)).rowcount
        if not changed:
            raise Refused("key.unknown", key=identifier[:40])
        record(unit, StaffChanged(f"key:{identifier}", "revoked", "technician"))

    shop.writer.run(command)


def actor_of_api_key(shop: Shop, key: str) -> Actor | None:
    """Return which third-party till a key is, or None when it is unknown or revoked."""
    row = (
        shop.read()
        .execute("SELECT id, name, role, till FROM api_key WHERE hash = ? AND revoked = 0", (_token_hash(key),))
        .fetchone()
    )
    return None if row is None else Actor(f"key:{row[0]}", row[1], row[2], row[3])
