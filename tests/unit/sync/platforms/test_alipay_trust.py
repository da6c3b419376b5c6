"""Which downloaded certificate of Alipay is believed: by its number, its chain, its time and whom it belongs to."""

from base64 import b64encode

import pytest
from cryptography.x509 import load_pem_x509_certificate

from sync.platforms.alipay.settings import AlipayMerchant, read_settings
from sync.platforms.alipay.sign import certificate_number, rsa_signature
from sync.platforms.alipay.trust import Trust
from sync.platforms.asked_for import AGAIN_AFTER_S, AT_ONCE_MAX, AskedFor
from sync.simulator.certificates import certificate_pem, loaded
from tests.unit.sync.platforms.merchants import NOW_MS, key

DAY_MS = 86_400_000


def made(name: str, issuer: str = "root", now_ms: int = NOW_MS, **how: str | bool) -> str:
    return certificate_pem(name, key(name), issuer, key(issuer), now_ms, **how)  # type: ignore[arg-type]


ROOT, OLD, NEW = made("root"), made("old"), made("new")


def merchant() -> AlipayMerchant:
    return read_settings(
        {
            "app_id": "2021000000000001",
            "private_key": key("merchant"),
            "app_certificate": made("merchant", organisation="a shop"),
            "alipay_certificate": OLD,
            "alipay_root_certificate": ROOT,
        }
    )


def trust(now_ms: int = NOW_MS) -> Trust:
    return Trust(merchant(), lambda: now_ms)


def number(pem: str) -> str:
    return certificate_number(load_pem_x509_certificate(pem.encode()))


def content(*pems: str) -> str:
    return b64encode("".join(pems).encode()).decode()


def signed(name: str) -> str:
    return rsa_signature(loaded(key(name)), b"text")


def test_old_and_new_hold_side_by_side() -> None:
    both = trust()
    assert both.knows(number(OLD)) and not both.knows(number(NEW))
    assert both.learn(number(NEW), content(NEW, ROOT))
    for name, pem in (("old", OLD), ("new", NEW)):
        assert both.signed(number(pem), b"text", signed(name))
        assert both.signed(None, b"text", signed(name))
        assert not both.signed(number(pem), b"text", signed("merchant"))
    assert not both.signed(number(OLD), b"text", signed("new"))


def test_a_chain_over_an_authority_between_is_followed() -> None:
    between = made("between", authority=True)
    leaf = made("leaf", "between")
    assert trust().learn(number(leaf), content(leaf, between, ROOT))
    assert trust().learn(number(leaf), content(leaf, between)), "the root itself need not come with it"
    assert not trust().learn(number(leaf), content(leaf)), "a link is missing"
    assert not trust().learn(number(leaf), content(leaf, made("between"))), "what signed it is no authority"


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (made("new", "other root"), "another root"),
        (made("new", "new"), "signed by itself"),
        (made("new", organisation="a shop"), "a merchant's certificate leads to the same root"),
        (made("new", now_ms=NOW_MS - 6 * 365 * DAY_MS), "out of date"),
        (made("new", now_ms=NOW_MS + 3 * DAY_MS), "not in force yet"),
    ],
)
def test_what_is_not_the_platforms_is_not_believed(pem: str, why: str) -> None:
    keys = trust()
    assert not keys.learn(number(pem), content(pem, ROOT)), why
    assert not keys.knows(number(pem))


@pytest.mark.parametrize("text", ["", "no base64", content("no certificate"), content(OLD)])
def test_another_or_no_certificate_is_not_taken(text: str) -> None:
    assert not trust().learn(number(NEW), text)


def test_an_unknown_number_is_asked_for_once_a_minute() -> None:
    now_s = [0.0]
    asked = AskedFor(lambda: now_s[0])
    assert asked.may_ask("A")
    asked.note("A")
    assert not asked.may_ask("A") and asked.may_ask("B")
    for count in range(AT_ONCE_MAX):
        asked.note(f"B{count}")
    assert not asked.may_ask("C"), "numbers without end are somebody's invention"
    now_s[0] = AGAIN_AFTER_S
    assert asked.may_ask("A") and asked.may_ask("C")
