"""Which merchant a store uses and what it may: the store before its groups, groups before the rest."""

import re
import tomllib
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.core.wish import Verb
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.plan import DEFAULT_CAPS, PayPlan, load_plan, plan_of
from tests.custody import write_merchants
from tests.shops import config
from tests.unit.sync.fakes import SeededEntropy
from tests.unit.sync.platforms.merchants import wechat_settings

ROOT = Path(__file__).resolve().parents[4]
EXAMPLE = """
[merchants]
wechat = "wechat-all"
[caps]
refund_count = 10
[[group]]
stores = ["S001", "S002"]
[group.merchants]
wechat = "wechat-east"
[group.settings.wechat]
sub_mchid = "1900000101"
store = "east"
[store.S002.settings.wechat]
sub_mchid = "1900000102"
[store.S002.caps]
pay_fen = 100
"""


def test_the_shipped_file_is_the_default_and_its_examples_hold() -> None:
    assert plan_of(config("pay.toml")) == PayPlan()
    text = (ROOT / "config" / "pay.toml").read_text(encoding="utf-8")
    plan = plan_of(tomllib.loads(re.sub(r"(?m)^#(?=[a-z_]+ = |\[)", "", text)))
    assert plan.of("S001").merchant("wechat") == "wechat-east"
    assert plan.of("S003").settings["wechat"] == {"sub_mchid": "1900000109"}
    assert plan.of("S009").caps == DEFAULT_CAPS


def test_the_nearest_word_holds() -> None:
    plan = plan_of(tomllib.loads(EXAMPLE))
    assert [plan.of(store).merchant("wechat") for store in ("S001", "S002", "S009")] == [
        "wechat-east",
        "wechat-east",
        "wechat-all",
    ]
    assert plan.of("S001").merchant("alipay") == "alipay"
    assert plan.of("S001").settings["wechat"]["sub_mchid"] == "1900000101"
    assert plan.of("S002").settings["wechat"] == {"sub_mchid": "1900000102", "store": "east"}
    assert (plan.of("S002").caps["pay_fen"], plan.of("S002").caps["refund_count"]) == (100, 10)
    assert plan.of("S002").holds(Verb.PAY, 1, 100) and not plan.of("S002").holds(Verb.PAY, 1, 101)
    assert plan.of("S002").holds(Verb.CLOSE, 10**9, 10**15)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[merchant]\nwechat = 'a'", "merchant"),
        ("merchants = 1", "merchants"),
        ("[merchants]\nwechat = 1", "merchants"),
        ("[caps]\npay = 1", "caps.pay"),
        ("[caps]\npay_fen = -1", "caps.pay_fen"),
        ("[caps]\npay_fen = true", "caps.pay_fen"),
        ("[[group]]\nstores = 'S001'", "group.stores"),
        ("[[group]]\nstores = ['S001']\nstore = 1", "group.store"),
        ("group = 1", "group"),
        ("store = 1", "store"),
        ("[store]\nS001 = 1", "store.S001"),
        ("[store.S001.settings]\nwechat = 1", "store.S001.settings.wechat"),
    ],
)
def test_a_wrong_file_is_refused_by_its_key(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "pay.toml").write_text(text)
    with pytest.raises(Refused) as refused:
        load_plan(tmp_path)
    assert (refused.value.code, refused.value.values["key"]) == ("config.wrong_value", key)


def test_no_file_is_the_default_and_no_toml_is_named(tmp_path: Path) -> None:
    assert load_plan(tmp_path) == PayPlan()
    (tmp_path / "pay.toml").write_text("[")
    with pytest.raises(Refused, match=r"config\.not_toml"):
        load_plan(tmp_path)


def test_each_store_has_its_merchant_with_its_own_settings(tmp_path: Path) -> None:
    partner = wechat_settings(platform="wechat", sub_mchid="1900000100")
    write_merchants(tmp_path, {"wechat-east": partner, "broken": {"platform": "cheque"}})
    merchants = Merchants(tmp_path, plan_of(tomllib.loads(EXAMPLE)), SeededEntropy())
    assert [merchants.merchant(store, "wechat") for store in ("S001", "S009")] == ["wechat-east", ""]
    first, second = (merchants.platform(store, "wechat", "wechat-east") for store in ("S001", "S002"))
    assert first is not None and second is not None and first is not second
    assert first is merchants.platform("S001", "wechat", "wechat-east"), "kept open"
    assert first.name == "wechat"
    assert merchants.platform("S009", "wechat", "") is None
    assert merchants.platform("S001", "alipay", "broken") is None
    assert {problem.code for problem in merchants.problems()} == {"platform.unknown", "wish.no_merchant"}
