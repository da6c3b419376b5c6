"""Certificates of the platforms' other kind, SM2: known for what they are, never a crash."""

from base64 import b64encode

import pytest
from cryptography.x509 import load_pem_x509_certificate

from agent.core.errors import Refused
from sync.platforms.alipay import trust as alipay
from sync.platforms.alipay.settings import read_settings as read_alipay
from sync.platforms.alipay.sign import certificate_number
from sync.platforms.keys import certificate, rsa_key_in
from sync.platforms.wechat.settings import read_settings as read_wechat
from sync.platforms.wechat.sign import sealed
from sync.platforms.wechat.trust import Trust, serial_of
from tests.unit.sync.platforms.merchants import wechat_settings
from tests.unit.sync.platforms.test_alipay import settings as alipay_settings

SM2 = """\
-----BEGIN CERTIFICATE-----
MIIBwTCCAWegAwIBAgIUfDAWvBBIUkQoQIXIZOOEjgQ/6jAwCgYIKoEcz1UBg3Uw
NTELMAkGA1UEBhMCQ04xDDAKBgNVBAoMA0FudDEKMAgGA1UECwwBeDEMMAoGA1UE
AwwDc20yMCAXDTI2MTEyNzIzMzE0OVoYDzIxMjYxMTAzMjMzMTQ5WjA1MQswCQYD
VQQGEwJDTjEMMAoGA1UECgwDQW50MQowCAYDVQQLDAF4MQwwCgYDVQQDDANzbTIw
WTATBgcqhkjOPQIBBggqgRzPVQGCLQNCAAQ5CeUAizv9WU42oUMAqLnxRmTPvMoK
nSPbyX2N962pn8vco7xZBeYcEwGKQY67T2tOzCI1kchICleLdkokmGwCo1MwUTAd
BgNVHQ4EFgQUrr8AxWWueuGIZ61N2KqMSl30/5cwHwYDVR0jBBgwFoAUrr8AxWWu
euGIZ61N2KqMSl30/5cwDwYDVR0TAQH/BAUwAwEB/zAKBggqgRzPVQGDdQNIADBF
AiEAvwIdk5g/lha6+56CeLRP1rzIv17j6rqBNnbCaoDihfMCICF96LKbTPatiVvd
3eqdXVellvRWQiaouchjczzn43eA
-----END CERTIFICATE-----
"""
FOUND = load_pem_x509_certificate(SM2.encode())
IN_FORCE_MS = int(FOUND.not_valid_before_utc.timestamp() * 1000) + 86_400_000


def test_it_is_no_rsa_key() -> None:
    assert rsa_key_in(FOUND) is None


def test_in_the_settings_it_is_refused_by_the_settings_name() -> None:
    with pytest.raises(Refused, match=r"platform\.setting_wrong.*alipay_certificate"):
        certificate("alipay_certificate", SM2)


def test_what_wechat_signs_with_it_is_not_believed() -> None:
    trust = Trust(read_wechat(wechat_settings()), lambda: IN_FORCE_MS)
    plain = {"algorithm": "AEAD_AES_256_GCM", "nonce": "123456789012", "associated_data": "certificate"}
    row = {**plain, "ciphertext": sealed(b"3" * 32, "123456789012", "certificate", SM2.encode())}
    assert trust.learn_rows({"data": [{"encrypt_certificate": row}]}) == 1
    headers = {"wechatpay-serial": serial_of(FOUND), "wechatpay-signature": "AAAA", "wechatpay-timestamp": "1"}
    assert trust.why_not(headers, b"{}") == "platform.answer_not_signed"


def test_alipays_is_not_learnt() -> None:
    trust = alipay.Trust(read_alipay(alipay_settings()), lambda: IN_FORCE_MS)
    assert not trust.learn(certificate_number(FOUND), b64encode(SM2.encode()).decode())
