"""The role matrix as shipped, its limits, and that nobody approves himself."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import Refused
from agent.core.roles import LADDER, Answer, Matrix, Role, Verdict

MATRIX = Matrix.from_data(tomllib.loads((Path("config") / "roles.toml").read_text(encoding="utf-8")))
YES = Verdict(Answer.YES)
NO = Verdict(Answer.NO)


def needs(role: Role) -> Verdict:
    """Return the verdict that asks for this role."""
    return Verdict(Answer.NEEDS, role)


@pytest.mark.parametrize(
    ("role", "act", "amount_fen", "percent", "verdict"),
    [
        (Role.CASHIER, "sell", 0, 0, YES),
        (Role.TECHNICIAN, "sell", 0, 0, NO),
        (Role.AUDITOR, "sell", 0, 0, NO),
        (Role.CASHIER, "return_dish", 0, 0, needs(Role.SHIFT_LEAD)),
        (Role.CASHIER, "discount", 0, 10, YES),
        (Role.CASHIER, "discount", 0, 11, needs(Role.SHIFT_LEAD)),
        (Role.SHIFT_LEAD, "discount", 0, 30, YES),
        (Role.CASHIER, "discount", 0, 31, needs(Role.STORE_MANAGER)),
        (Role.SHIFT_LEAD, "comp", 0, 0, needs(Role.STORE_MANAGER)),
        (Role.CASHIER, "refund", 20000, 0, needs(Role.SHIFT_LEAD)),
        (Role.SHIFT_LEAD, "refund", 20000, 0, YES),
        (Role.SHIFT_LEAD, "refund", 20001, 0, needs(Role.STORE_MANAGER)),
        (Role.STORE_MANAGER, "refund", 100000, 0, YES),
        (Role.STORE_MANAGER, "refund", 100001, 0, needs(Role.HQ)),
        (Role.CASHIER, "refund_late", 100, 0, needs(Role.HQ)),
        (Role.STORE_MANAGER, "refund_wallet_in_cash", 50000, 0, YES),
        (Role.STORE_MANAGER, "refund_wallet_in_cash", 50001, 0, needs(Role.HQ)),
        (Role.CASHIER, "park_payment", 0, 0, needs(Role.SHIFT_LEAD)),
        (Role.CASHIER, "take_static_code", 20000, 0, YES),
        (Role.CASHIER, "take_static_code", 20001, 0, needs(Role.SHIFT_LEAD)),
        (Role.CASHIER, "drop_cash", 0, 0, Verdict(Answer.NEEDS, Role.CASHIER, witness=True)),
        (Role.STORE_MANAGER, "see_expected_cash", 0, 0, NO),
        (Role.SHIFT_LEAD, "accept_difference", 2000, 0, YES),
        (Role.STORE_MANAGER, "accept_difference", 2001, 0, needs(Role.HQ)),
        (Role.SHIFT_LEAD, "close_day", 0, 0, needs(Role.STORE_MANAGER)),
        (Role.HQ, "close_day", 0, 0, YES),
        (Role.TECHNICIAN, "see_sales", 0, 0, NO),
        (Role.AUDITOR, "see_sales", 0, 0, YES),
        (Role.SHIFT_LEAD, "swap_printer", 0, 0, YES),
        (Role.TECHNICIAN, "upgrade", 0, 0, YES),
        (Role.STORE_MANAGER, "use_own_member_pass", 0, 0, NO),
    ],
)
def test_the_shipped_matrix(role: Role, act: str, amount_fen: int, percent: int, verdict: Verdict) -> None:
    """The shop's table, row by row where limits bite."""
    assert MATRIX.may(role, act, amount_fen=amount_fen, percent=percent) == verdict


def approve(act: str, actor_role: Role, approver: str, approver_role: Role, amount_fen: int = 0) -> None:
    """Ask for an approval by `approver` of what staff 07 wants."""
    MATRIX.check_approval(
        act, actor="07", actor_role=actor_role, approver=approver, approver_role=approver_role, amount_fen=amount_fen
    )


@pytest.mark.parametrize(
    ("act", "actor_role", "approver", "approver_role", "amount_fen", "code"),
    [
        ("refund", Role.CASHIER, "07", Role.STORE_MANAGER, 100, "approval.own"),
        ("refund", Role.CASHIER, "02", Role.CASHIER, 100, "approval.not_enough"),
        ("refund", Role.CASHIER, "02", Role.SHIFT_LEAD, 20001, "approval.not_enough"),
        ("refund", Role.CASHIER, "99", Role.TECHNICIAN, 100, "approval.not_enough"),
        ("refund_late", Role.STORE_MANAGER, "01", Role.STORE_MANAGER, 100, "approval.not_enough"),
        ("use_own_member_pass", Role.CASHIER, "01", Role.STORE_MANAGER, 0, "approval.impossible"),
        ("sell", Role.TECHNICIAN, "01", Role.STORE_MANAGER, 0, "approval.impossible"),
        ("drop_cash", Role.CASHIER, "99", Role.TECHNICIAN, 100, "approval.not_enough"),
    ],
)
def test_approvals_that_are_refused(
    act: str, actor_role: Role, approver: str, approver_role: Role, amount_fen: int, code: str
) -> None:
    """One's own word, a word too low, and acts that no word lifts."""
    with pytest.raises(Refused) as refused:
        approve(act, actor_role, approver, approver_role, amount_fen)
    assert refused.value.code == code


def test_approvals_that_count() -> None:
    """A lead for a cashier, HQ for a manager, a second cashier as witness; who may alone needs none."""
    approve("refund", Role.CASHIER, "02", Role.SHIFT_LEAD, 20000)
    approve("refund_late", Role.STORE_MANAGER, "HQ", Role.HQ, 500)
    approve("drop_cash", Role.CASHIER, "02", Role.CASHIER, 500)
    approve("sell", Role.CASHIER, "02", Role.CASHIER)


@given(st.sampled_from(sorted(MATRIX.acts)), st.sampled_from(list(Role)), st.integers(0, 10**9), st.integers(0, 100))
def test_whoever_is_named_can_really_approve(act: str, role: Role, amount_fen: int, percent: int) -> None:
    """The role that a verdict names is enough, it is never below the actor, and one's own word never is."""
    verdict = MATRIX.may(role, act, amount_fen=amount_fen, percent=percent)
    if verdict.role is None:
        return
    assert verdict.witness or LADDER.index(verdict.role) > LADDER.index(role)
    wish: dict[str, Any] = {"actor": "07", "actor_role": role, "amount_fen": amount_fen, "percent": percent}
    MATRIX.check_approval(act, approver="01", approver_role=verdict.role, **wish)
    with pytest.raises(Refused):
        MATRIX.check_approval(act, approver="07", approver_role=Role.HQ, **wish)


@given(st.sampled_from(sorted(MATRIX.acts)), st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_larger_amount_is_never_easier(act: str, amount_fen: int, more_fen: int) -> None:
    """Limits only tighten."""
    for role in LADDER:
        if MATRIX.may(role, act, amount_fen=amount_fen + more_fen).answer is Answer.YES:
            assert MATRIX.may(role, act, amount_fen=amount_fen).answer is Answer.YES


@pytest.mark.parametrize(
    "row",
    [
        "yes",
        {"cashier": "maybe"},
        {"boss": "yes"},
        {"cashier": {"limit_fen": -1}},
        {"cashier": {"limit_percent": 101}},
        {"cashier": {"limit_fen": True}},
        {"cashier": {"limit_fen": 1, "limit_percent": 1}},
        {"cashier": 1},
        {"counted": "yes"},
    ],
)
def test_a_wrong_matrix_is_refused(row: object) -> None:
    """A typing error must not become a right."""
    with pytest.raises(Refused, match=r"roles\.bad_act"):
        Matrix.from_data({"sell": row})


def test_unknown_acts_and_roles_are_refused() -> None:
    """Neither is a no that nobody notices."""
    with pytest.raises(Refused, match=r"roles\.unknown_act"):
        MATRIX.may(Role.CASHIER, "fly")
    with pytest.raises(Refused, match=r"roles\.unknown_role"):
        MATRIX.may("boss", "sell")
