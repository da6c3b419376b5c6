"""Whose signature counts: both trust modes, rotation, probes, and the clock."""

import json

import pytest
from cryptography.x509 import load_pem_x509_certificate

from agent.core.errors import UnknownOutcome
from agent.core.payment import RefundVerdict, Verdict
from sync.platforms.wechat.notifications import read_notification
from sync.platforms.wechat.settings import read_settings
from sync.platforms.wechat.sign import PROBE_PREFIX, answer_message, rsa_signature, sealed
from sync.platforms.wechat.trust import Trust, serial_of
from sync.simulator.certificates import loaded
from tests.unit.sync.platforms.merchants import NOW_MS, certificate, key, wechat_settings

BODY = '{"说":"ok"}'.encode()
PUBLIC_ID = wechat_settings()["public_key_id"]


def headers(signer: str, serial: str, at_ms: int = NOW_MS, body: bytes = BODY, prefix: str = "") -> dict[str, str]:
    timestamp = str(at_ms // 1000)
    message = answer_message(timestamp, "n" * 32, body).decode()
    return {
        "wechatpay-timestamp": timestamp,
        "wechatpay-nonce": "n" * 32,
        "wechatpay-serial": serial,
        "wechatpay-signature": prefix + rsa_signature(loaded(key(signer)), message),
    }


def trust(**changes: str) -> Trust:
    return Trust(read_settings(wechat_settings(**changes)), lambda: NOW_MS)


def serial(name: str) -> str:
    return serial_of(load_pem_x509_certificate(certificate(name).encode()))


def sealed_list(name: str, api_v3_key: str = "3" * 32) -> bytes:
    row = {
        "nonce": "123456789012",
        "associated_data": "certificate",
        "ciphertext": sealed(api_v3_key.encode(), "123456789012", "certificate", certificate(name).encode()),
    }
    return json.dumps({"data": [{"serial_no": serial(name), "encrypt_certificate": row}]}).encode()


def test_both_modes_hold_at_once() -> None:
    both = trust(certificates=certificate("old") + certificate("new"))
    for signer, number in (("platform", PUBLIC_ID), ("old", serial("old")), ("new", serial("new").lower())):
        assert both.why_not(headers(signer, number), BODY) is None
    assert both.why_not(headers("old", serial("new")), BODY) == "platform.answer_not_signed"


def test_a_certificate_is_learnt_only_from_who_knows_the_secret() -> None:
    fresh = trust()
    assert fresh.why_not(headers("new", serial("new")), BODY) == "platform.answer_not_signed"
    assert fresh.learn(sealed_list("new", "9" * 32)) == 0
    assert fresh.learn(b"garbage") == 0
    assert fresh.learn(sealed_list("new")) == 1
    assert fresh.why_not(headers("new", serial("new")), BODY) is None


def test_a_certificate_out_of_its_time_is_not_learnt() -> None:
    late = Trust(read_settings(wechat_settings()), lambda: NOW_MS + 6 * 365 * 86_400_000)
    assert late.learn(sealed_list("new")) == 0


@pytest.mark.parametrize("ahead_s", [-301, 301, 10**9])
def test_an_old_or_early_answer_is_not_believed(ahead_s: int) -> None:
    given = headers("platform", PUBLIC_ID, max(1000, NOW_MS + ahead_s * 1000))
    assert trust().why_not(given, BODY) == "platform.clock_differs"


@pytest.mark.parametrize(
    "change", [{"wechatpay-signature": ""}, {"wechatpay-timestamp": "²"}, {"wechatpay-serial": "PUB_KEY_ID_0"}]
)
def test_what_is_missing_or_odd_is_not_believed(change: dict[str, str]) -> None:
    assert trust().why_not({**headers("platform", PUBLIC_ID), **change}, BODY) == "platform.answer_not_signed"
    assert trust().why_not({}, BODY) == "platform.answer_not_signed"


def test_a_probe_is_told_apart_and_a_changed_body_noticed() -> None:
    assert trust().why_not(headers("platform", PUBLIC_ID, prefix=PROBE_PREFIX), BODY) == "platform.probed"
    assert trust().why_not(headers("platform", PUBLIC_ID), BODY + b" ") == "platform.answer_not_signed"


def notification(kind: str, fields: dict[str, object]) -> bytes:
    resource = {
        "nonce": "123456789012",
        "associated_data": "x",
        "ciphertext": sealed(b"3" * 32, "123456789012", "x", json.dumps(fields).encode()),
    }
    return json.dumps({"id": "EV-1", "event_type": kind, "resource": resource}).encode()


def test_notifications_say_what_a_query_says() -> None:
    merchant, keys = read_settings(wechat_settings()), trust()
    order = {
        "out_trade_no": "N1",
        "trade_state": "SUCCESS",
        "transaction_id": "4200",
        "success_time": "2026-10-03T09:12:45+08:00",
        "amount": {"total": 100, "payer_total": 90},
    }
    body = notification("TRANSACTION.SUCCESS", order)
    told = read_notification(merchant, keys, headers("platform", PUBLIC_ID, body=body), body)
    assert told.payment is not None and told.number == "EV-1"
    assert (told.payment.verdict, told.payment.platform_discount_fen) == (Verdict.PAID, 10)
    refund = {"out_refund_no": "R1", "refund_status": "SUCCESS", "refund_id": "503", "amount": {"refund": 5}}
    body = notification("REFUND.SUCCESS", refund)
    told = read_notification(merchant, keys, headers("platform", PUBLIC_ID, body=body), body)
    assert told.refund is not None and told.refund.verdict is RefundVerdict.DONE
    with pytest.raises(UnknownOutcome, match=r"platform\.answer_not_signed"):
        read_notification(merchant, keys, headers("merchant", PUBLIC_ID, body=body), body)
    with pytest.raises(UnknownOutcome, match=r"platform\.garbage_answer"):
        read_notification(merchant, keys, headers("platform", PUBLIC_ID, body=b"[]"), b"[]")
