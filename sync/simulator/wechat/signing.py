"""How the simulated WeChat Pay signs what it says, and gives its certificates out."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from cryptography.x509 import load_pem_x509_certificate

from sync.platforms.amounts import rfc3339
from sync.platforms.wechat.sign import PROBE_PREFIX, PUBLIC_KEY_PREFIX, SCHEME, answer_message, rsa_signature, sealed
from sync.platforms.wechat.trust import serial_of
from sync.simulator.accounts import Account
from sync.simulator.certificates import loaded
from sync.simulator.world import World


def signature_headers(world: World, body: bytes, wanted_serial: str, fault: str) -> dict[str, str]:
    """Return the five headers that sign an answer or notification, as the weather has it.

    A client that names the public key's id is answered under it, every other one under the platform certificate.
    """
    if fault == "unsigned":
        return {}
    signer = world.signers("wechat")[0]
    by_public_key = wanted_serial.startswith(PUBLIC_KEY_PREFIX)
    key = loaded(world.accounts.keys.wechat_public_key if by_public_key else signer.key)
    serial = serial_of(load_pem_x509_certificate(signer.certificate.encode()))
    timestamp, nonce = str(world.now_ms() // 1000), token_hex(16)
    signature = rsa_signature(key, answer_message(timestamp, nonce, body).decode())
    if fault == "forged":
        signature = rsa_signature(key, "another message")
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": (PROBE_PREFIX if fault == "probe" else "") + signature,
        "Wechatpay-Serial": wanted_serial if by_public_key else serial,
        "Wechatpay-Signature-Type": SCHEME,
    }


def certificates(world: World, account: Account) -> Mapping[str, Any]:
    """Return the platform certificates, sealed with the merchant's APIv3 key: after a renewal the old ones too."""
    key = account.values["api_v3_key"].encode()
    return {"data": [_sealed_certificate(key, signer.certificate) for signer in world.signers("wechat")]}


def _sealed_certificate(api_v3_key: bytes, pem: str) -> Mapping[str, Any]:
    found, nonce = load_pem_x509_certificate(pem.encode()), token_hex(6)
    return {
        "serial_no": serial_of(found),
        "effective_time": rfc3339(int(found.not_valid_before_utc.timestamp() * 1000)),
        "expire_time": rfc3339(int(found.not_valid_after_utc.timestamp() * 1000)),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": sealed(api_v3_key, nonce, "certificate", pem.encode()),
        },
    }
