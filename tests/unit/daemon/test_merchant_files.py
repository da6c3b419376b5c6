"""Merchants' files of a box: read by the platform's name, a wrong one named and left out, the others kept."""

import json
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.daemon.platforms import from_folder, practised
from sync.credentials import credentials_folder
from sync.platforms.alipay.api import Alipay
from sync.platforms.files import settings_in
from sync.platforms.wechat.api import WechatPay
from tests.unit.sync.fakes import SeededEntropy
from tests.unit.sync.platforms.merchants import key, public_pem, wechat_settings


def written(folder: Path, name: str, values: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(json.dumps(values), encoding="utf-8")
    return file


def test_a_file_is_the_platform_that_it_is_named_after(tmp_path: Path) -> None:
    values = {**wechat_settings(), "private_key": "", "private_key_file": "merchant.pem"}
    written(tmp_path / "platforms", "wechat.json", values)
    (tmp_path / "platforms" / "merchant.pem").write_text(key("merchant"))
    (tmp_path / "platforms" / "alipay.toml").write_text(
        f'app_id = "2021000000000001"\nprivate_key = """{key("merchant")}"""\n'
        f'alipay_public_key = """{public_pem(key("platform"))}"""\n'
    )
    platforms, problems = from_folder(tmp_path, SeededEntropy())
    assert not problems
    assert isinstance(platforms["wechat"], WechatPay) and isinstance(platforms["alipay"], Alipay)


@pytest.mark.parametrize(
    ("text", "code", "setting"),
    [
        ("{", "config.not_toml", None),
        ("[]", "config.not_toml", None),
        ('{"mchid": 1}', "platform.setting_wrong", "wechat.json: mchid"),
        ('{"appid": "wx1"}', "platform.setting_missing", "wechat.json: private_key"),
        ('{"platform": "cheque"}', "platform.unknown", None),
    ],
)
def test_a_wrong_file_is_named_and_left_out(tmp_path: Path, text: str, code: str, setting: str | None) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "wechat.json").write_text(text)
    platforms, (problem,) = from_folder(tmp_path, SeededEntropy())
    assert platforms == {}
    assert (problem.code, problem.values.get("setting")) == (code, setting)


def test_without_files_there_is_no_platform(tmp_path: Path) -> None:
    assert from_folder(tmp_path, SeededEntropy()) == ({}, [])
    assert practised(tmp_path, "http://127.0.0.1:9", SeededEntropy()) == {}


def test_the_simulators_merchants_are_reached_where_they_are_now(tmp_path: Path) -> None:
    written(tmp_path / "merchants", "wechat.json", wechat_settings(url="http://127.0.0.1:1"))
    found = practised(tmp_path, "http://127.0.0.1:9", SeededEntropy())
    assert list(found) == ["wechat"]
    assert settings_in(tmp_path / "merchants" / "wechat.json")["url"] == "http://127.0.0.1:1"


def test_a_credential_comes_before_a_file_of_the_same_name(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "key.pem").write_text("credential")
    values = {"private_key_file": "key.pem", "certificate_file": "other.pem", "api_v3_key_file": "%d/v3"}
    file = written(tmp_path / "platforms", "wechat.json", values)
    (tmp_path / "platforms" / "key.pem").write_text("file")
    found = settings_in(file, credentials)
    assert found["private_key_file"] == str(credentials / "key.pem")
    assert found["certificate_file"] == str(tmp_path / "platforms" / "other.pem")
    assert found["api_v3_key_file"] == str(credentials / "v3")


def test_a_credential_without_a_unit_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    file = written(tmp_path / "platforms", "wechat.json", {"private_key_file": "%d/key"})
    with pytest.raises(Refused, match=r"platform\.setting_unreadable") as refused:
        settings_in(file)
    assert refused.value.values["setting"] == "private_key_file"


def test_the_units_folder_is_found_by_the_environment_or_its_place(tmp_path: Path) -> None:
    assert credentials_folder({"CREDENTIALS_DIRECTORY": "/run/x"}) == Path("/run/x")
    assert credentials_folder({}, tmp_path) == tmp_path
    assert credentials_folder({}, tmp_path / "none") is None
