"""A box whose money headquarters take: where it finds their payments, what it has without them, what doctor says."""

from pathlib import Path

import pytest

from agent.core.errors import Refused, StoreboxError
from agent.core.payment import Custody
from agent.daemon.platforms import pay_urls, through_headquarters
from agent.diagnosis.headquarters import payments_of_headquarters
from agent.diagnosis.site import Site
from agent.settings import Headquarters, Payments, Settings
from sync.enrol import Enrolment, enrol_alone, save_enrolment
from sync.hq.keys import HqKeys
from tests.custody import IDENTITY, RunningPay
from tests.unit.sync.fakes import SeededEntropy


@pytest.mark.parametrize(
    ("hq", "parents", "given", "expected"),
    [
        ("http://10.0.0.1:8090", None, (), ["http://10.0.0.1:8091"]),
        ("http://[::1]:8090", None, (), ["http://[::1]:8091"]),
        ("https://hq.example", None, (), ["https://hq.example"]),
        ("https://hq.example:444/", None, (), ["https://hq.example:444"]),
        ("", "http://127.0.0.1:9000", (), ["http://127.0.0.1:8091"]),
        ("https://hq.example", None, ("https://a", "https://b"), ["https://a", "https://b"]),
    ],
)
def test_where_payments_are(hq: str, parents: str | None, given: tuple[str, ...], expected: list[str]) -> None:
    settings = Settings(hq=Headquarters(url=hq), payments=Payments(pay_urls=given))
    assert pay_urls(settings, parents) == expected


def through(state: Path, **changes: object) -> Settings:
    return Settings(state=state, payments=Payments(custody="hq", **changes))


def test_a_box_alone_has_no_platform_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"payments\.no_headquarters"):
        pay_urls(Settings())
    enrol_alone(tmp_path, "S001", "B1")
    platforms, (problem,) = through_headquarters(through(tmp_path), SeededEntropy())
    assert (platforms, problem.code) == ({}, "payments.no_headquarters")
    with pytest.raises(StoreboxError, match=r"payments\.no_headquarters"):
        payments_of_headquarters(Site(through(tmp_path)))


def test_an_enrolled_box_pays_through_headquarters_and_doctor_asks_each_address(tmp_path: Path) -> None:
    alone = enrol_alone(tmp_path / "box", "S001", "B1")
    pay = RunningPay(tmp_path / "hq")
    keys = HqKeys.load_or_create(tmp_path / "hq")
    known = Enrolment(IDENTITY, alone.public_key, pay.url, keys.root_public_key, keys.key_list)
    save_enrolment(tmp_path / "box", known)
    settings = through(tmp_path / "box", pay_urls=(pay.url,))
    platforms, problems = through_headquarters(settings, SeededEntropy())
    assert not problems and set(platforms) == {"wechat", "alipay"}
    assert {platform.custody for platform in platforms.values()} == {Custody.HQ}
    assert payments_of_headquarters(Site(settings)).state == "ok"
    one_dead = through(tmp_path / "box", pay_urls=(pay.url, "http://127.0.0.1:9"))
    assert payments_of_headquarters(Site(one_dead)).state == "degraded"
    pay.stop()
    assert payments_of_headquarters(Site(settings)).state == "fail"
