"""The header that says who sent a request, and what is no such header."""

import pytest

from agent.core.chain import Identity
from agent.core.signing import parse_request_header, request_header

SHOP = Identity("S001", "B1", 3)
SIGNATURE = bytes(range(64))
GOOD = request_header(SHOP, SIGNATURE)


def test_a_header_names_store_box_and_epoch() -> None:
    assert parse_request_header(GOOD) == (SHOP, SIGNATURE)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "store=S001",
        GOOD.replace("store=S001,", ""),
        GOOD.replace("epoch=3", "epoch=three"),
        GOOD.replace("epoch=3", "epoch=-1"),
        GOOD.replace("epoch=3", f"epoch={1 << 63}"),
        GOOD.replace("S001", "S0\x0001"),
        GOOD[:-2],
        GOOD + "00",
        GOOD[:-2] + "zz",
    ],
)
def test_what_is_no_such_header_is_none(value: str) -> None:
    assert parse_request_header(value) is None
