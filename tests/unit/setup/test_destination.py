"""Where a code leads: a typed one says store and characters, and a box follows only the headquarters that it may."""

import pytest

from agent.core.errors import Credentials, Refused
from agent.core.setup_codes import EnrolmentCode, enrolment_code
from agent.setup.destination import Destination, Known, destination_of, is_typed, names_store

ROOT, OTHER = "0123456789abcdef" * 2, "00" * 16
HQ = Known("https://hq.example.com", ROOT)


@pytest.mark.parametrize("typed", ["S001 7K2M-9QXD", "s001  7k2m9qxd ", "S001,7K2M-9QXD", "S001/7K2M-9QXD"])
def test_a_store_and_eight_characters_lead_to_the_headquarters_that_the_box_knows(typed: str) -> None:
    assert destination_of(typed, HQ) == Destination("https://hq.example.com", "S001", "7K2M9QXD", ROOT)


def test_what_the_box_does_not_know_is_typed_too() -> None:
    text = "S001 7K2M-9QXD https://hq.example.com/"
    assert destination_of(text, Known()) == Destination("https://hq.example.com", "S001", "7K2M9QXD", None)
    assert destination_of(f"{text} {ROOT.upper()}", Known()).fingerprint == ROOT


@pytest.mark.parametrize(
    ("text", "known", "code"),
    [
        ("7K2M-9QXD", HQ, "setup.typed_incomplete"),
        ("7K2M 9QXD", HQ, "setup.typed_incomplete"),
        ("S001 7K2M-9QX", HQ, "setup.typed_incomplete"),
        ("S001 7K2M-9QXD", Known(), "setup.headquarters_unknown"),
        ("S001 7K2M-9QXD http://hq.example.com", Known(), "setup.plain_http"),
        (f"S001 7K2M-9QXD https://hq.example.com {OTHER}", HQ, "setup.other_headquarters"),
        ("E1AAAA", HQ, "setup.code_damaged"),
    ],
)
def test_what_may_not_be_followed_is_refused_by_name(text: str, known: Known, code: str) -> None:
    with pytest.raises((Refused, Credentials)) as refused:
        destination_of(text, known)
    assert refused.value.code == code


def test_a_scanned_code_is_followed_where_its_root_is_the_pinned_one() -> None:
    code = EnrolmentCode(bytes(16), bytes.fromhex(ROOT), "S001", 0, "hq.example.com")
    assert destination_of(enrolment_code(code), HQ).token == "00" * 16
    with pytest.raises(Credentials, match=r"setup\.other_headquarters"):
        destination_of(enrolment_code(code), Known(root=OTHER))


def test_a_store_whose_number_looks_like_a_prefix_may_be_typed() -> None:
    assert destination_of("E1 7K2M-9QXD", HQ).store == "E1"
    assert names_store("N1 7K2M-9QXD") and is_typed("7K2M 9QXD")
    assert not is_typed("6901234567892") and not names_store("WIFI:T:WPA;S:7K2M9QXD;P:12345678;;")
