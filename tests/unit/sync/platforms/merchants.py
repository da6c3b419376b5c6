"""Keys and settings of merchants that exist in tests only, made once."""

from functools import cache

from sync.simulator.certificates import certificate_pem, new_key, public_pem

NOW_MS = 1_791_000_000_000


@cache
def key(name: str) -> str:
    """Return a private key, PEM; another one for each name."""
    return new_key()


@cache
def certificate(name: str, now_ms: int = NOW_MS) -> str:
    """Return a certificate over the key of a name."""
    return certificate_pem(name, key(name), "Test Root", key("root"), now_ms)


def wechat_settings(**changes: str) -> dict[str, str]:
    """Return settings of a WeChat Pay merchant."""
    return {
        "url": "http://127.0.0.1:9",
        "appid": "wx0000000000000001",
        "mchid": "1900000001",
        "serial_no": "A" * 40,
        "private_key": key("merchant"),
        "api_v3_key": "3" * 32,
        "api_v2_key": "2" * 32,
        "public_key_id": "PUB_KEY_ID_0114232134912410000000000000",
        "public_key": public_pem(key("platform")),
        **changes,
    }
