"""Lines find their printers by department, each printer once."""

from agent.core.events import SaleLine
from agent.core.routing import LABELS_MAX, Piece, Route, StationSlip, pieces_of, routed


def line(name: str, department: str = "", quantity: int = 1, unit: str = "pc") -> SaleLine:
    return SaleLine(1, f"sku-{name}", name, quantity, unit, None, 0, (), 0, "", 0, department)


FISH, RICE, TEA = line("fish", "hot"), line("rice", "staple"), line("tea", "drinks")


def names(routes: tuple[Route, ...], *lines: SaleLine, **departments: str) -> list[tuple[str, str, list[str]]]:
    return [
        (one.slip.value, one.printer, [taken.name for taken in one.lines])
        for one in routed(routes, lines, {f"sku-{sku}": department for sku, department in departments.items()})
    ]


def test_each_printer_gets_its_departments_in_the_order_of_the_sale() -> None:
    routes = (
        Route(StationSlip.KITCHEN, "kitchen", frozenset({"hot", "staple"})),
        Route(StationSlip.KITCHEN, "bar", frozenset({"drinks"})),
        Route(StationSlip.LABEL, "label", frozenset({"drinks"})),
    )
    assert names(routes, TEA, RICE, FISH) == [
        ("kitchen", "kitchen", ["rice", "fish"]),
        ("kitchen", "bar", ["tea"]),
        ("label", "label", ["tea"]),
    ]
    assert names(routes, FISH) == [("kitchen", "kitchen", ["fish"])]


def test_two_routes_to_one_printer_are_one_slip_with_each_line_once() -> None:
    routes = (Route(StationSlip.KITCHEN, "kitchen", frozenset({"hot"})), Route(StationSlip.KITCHEN, "kitchen"))
    assert names(routes, FISH, TEA) == [("kitchen", "kitchen", ["fish", "tea"])]


def test_a_line_without_department_takes_that_of_its_article() -> None:
    routes = (Route(StationSlip.KITCHEN, "bar", frozenset({"drinks"})),)
    assert names(routes, line("cola"), cola="drinks") == [("kitchen", "bar", ["cola"])]
    assert names(routes, line("cola")) == []


def test_nothing_goes_nowhere() -> None:
    routes = (Route(StationSlip.KITCHEN, "kitchen"),)
    assert names(routes, line("air", "hot", quantity=0)) == []
    assert names((), FISH) == []


def test_a_label_a_piece_and_one_for_what_is_weighed() -> None:
    shrimp = line("shrimp", quantity=435, unit="g")
    teas = line("tea", quantity=2)
    assert pieces_of((teas, shrimp)) == [Piece(teas, False), Piece(teas, False), Piece(shrimp, True)]


def test_a_hundred_pieces_are_one_label_a_line() -> None:
    many = line("tea", quantity=LABELS_MAX)
    assert len(pieces_of((many,))) == LABELS_MAX
    assert pieces_of((many, FISH)) == [Piece(many, True), Piece(FISH, True)]
