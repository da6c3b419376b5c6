"""A merchant's settings: what is wrong is named, what is secret never shows."""

from pathlib import Path

import pytest

from agent.core.errors import Refused
from sync.platforms.base import open_platform
from sync.platforms.wechat.settings import HOST, read_settings
from tests.unit.sync.fakes import SeededEntropy
from tests.unit.sync.platforms.merchants import certificate, key, wechat_settings


@pytest.mark.parametrize(
    ("change", "code", "setting"),
    [
        ({"mchid": ""}, "platform.setting_missing", "mchid"),
        ({"mchid": "19 0"}, "platform.setting_wrong", "mchid"),
        ({"private_key": "nonsense"}, "platform.setting_wrong", "private_key"),
        ({"private_key": certificate("merchant")}, "platform.setting_wrong", "private_key"),
        ({"api_v3_key": "short"}, "platform.setting_wrong", "api_v3_key"),
        ({"api_v2_key": ""}, "platform.setting_missing", "api_v2_key"),
        ({"serial_no": "not hex"}, "platform.setting_wrong", "serial_no"),
        ({"public_key": ""}, "platform.setting_missing", "public_key"),
        ({"public_key_id": "0114"}, "platform.setting_wrong", "public_key_id"),
        ({"code_pay": "v4"}, "platform.setting_wrong", "code_pay"),
        ({"refunds": "v1"}, "platform.setting_wrong", "refunds"),
        ({"h5": "maybe"}, "platform.setting_wrong", "h5"),
        ({"mch_id": "1900000001"}, "platform.setting_unknown", "mch_id"),
        ({"read_timeout_s": "never"}, "platform.setting_wrong", "read_timeout_s"),
        ({"private_key_file": "/nowhere/key.pem"}, "platform.setting_unreadable", "private_key_file"),
        ({"certificate": certificate("other")}, "platform.keys_differ", "certificate"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], code: str, setting: str) -> None:
    with pytest.raises(Refused) as refused:
        read_settings(wechat_settings(**change))
    assert (refused.value.code, refused.value.values["setting"]) == (code, setting)
    assert key("merchant")[40:60] not in str(refused.value)


def test_keys_may_stand_in_files_and_without_heads(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(key("merchant"))
    bare = "".join(key("merchant").splitlines()[1:-1])
    by_file = read_settings(wechat_settings(private_key="", private_key_file=str(file)))
    by_text = read_settings(wechat_settings(private_key=bare))
    assert by_file.private_key.private_numbers() == by_text.private_key.private_numbers()


def test_secrets_never_show() -> None:
    shown = repr(read_settings(wechat_settings()))
    assert "3" * 32 not in shown and "2" * 32 not in shown and "PRIVATE" not in shown


def test_defaults_are_the_vendors() -> None:
    settings = wechat_settings()
    del settings["url"]
    merchant = read_settings(settings)
    assert (merchant.url, merchant.code_pay, merchant.h5, merchant.is_partner) == (HOST, "v2", False, False)


def test_v3_alone_needs_no_v2_key() -> None:
    assert read_settings(wechat_settings(code_pay="v3", api_v2_key="")).api_v2_key is None


def test_a_platform_opens_without_asking_the_network() -> None:
    assert open_platform("wechat", wechat_settings(), SeededEntropy()).name == "wechat"
