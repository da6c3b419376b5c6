"""What the customer reads on a pole while a sale goes on."""

from __future__ import annotations

from typing import Any

from agent.services.customer_display import changed_line, pole

STORE = {"name": "湘味小馆", "branch": ""}
TEA = {"name": "茶", "quantity": 1, "unit": "pc", "list_fen": 500, "total_fen": 500}
FISH = {"name": "鱼", "quantity": 350, "unit": "g", "list_fen": 2800, "total_fen": 2800}


def basket(*lines: dict[str, Any], state: str = "open", tendered_fen: int = 0) -> dict[str, Any]:
    total_fen = sum(line["total_fen"] for line in lines)
    figures = {"total_fen": total_fen, "tendered_fen": tendered_fen, "due_fen": total_fen - tendered_fen}
    return {"store": STORE, "basket": {"state": state, "lines": list(lines), **figures}, "last": None}


def paid(change_fen: int) -> dict[str, Any]:
    last = {"total_fen": 3300, "given_fen": 3300 + change_fen, "change_fen": change_fen, "calling": "A001"}
    return {"store": STORE, "basket": None, "last": last}


def as_written(message: str) -> str:
    return message


def test_nobody_there_is_a_welcome() -> None:
    nobody = {"store": STORE, "basket": None, "last": None}
    assert pole(nobody, None, as_written) == (("湘味小馆", ""), ("Welcome", ""))


def test_the_new_line_and_the_total() -> None:
    assert pole(basket(TEA, FISH), basket(TEA), as_written) == (("鱼", "0.350kg 28.00"), ("Total", "33.00"))


def test_a_line_whose_quantity_changed_is_the_one_shown() -> None:
    three = {**TEA, "quantity": 3, "total_fen": 1500}
    assert pole(basket(three, FISH), basket(TEA, FISH), as_written)[0] == ("茶", "3 15.00")


def test_after_a_line_was_removed_the_last_one_is_shown() -> None:
    assert changed_line([TEA], [TEA, FISH]) == TEA


def test_what_is_due_and_what_was_paid_of_it() -> None:
    assert pole(basket(TEA, FISH, state="paying"), None, as_written)[1] == ("Total due", "33.00")
    part = pole(basket(TEA, FISH, state="paying", tendered_fen=1000), None, as_written)
    assert part == (("Received", "10.00"), ("Total due", "23.00"))


def test_what_was_given_and_the_change() -> None:
    assert pole(paid(1700), None, as_written) == (("Received", "50.00"), ("Change", "17.00"))


def test_paid_exactly_is_thanks() -> None:
    assert pole(paid(0), None, as_written) == (("Thank you, come again", ""), ("Received", "33.00"))
