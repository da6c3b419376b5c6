"""Who opened a page in a wallet's app: both platforms behind one port, against the simulator."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from agent.core.errors import Refused, StoreboxError, UnknownOutcome
from agent.core.payment import OfferVerdict, Platform, Way
from sync.platforms.base import open_platform, wall_ms
from sync.platforms.payer import PayerFinder
from sync.platforms.wechat.settings import read_settings
from sync.simulator.accounts import settings_of
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

BACK = "https://pay.example.com/O/back?a=1"
ACCOUNTS = ("wechat", "wechat-partner", "alipay", "alipay-certificate")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("platform"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def calm(simulator: RunningSimulator) -> None:
    simulator.control("ok")


def opened(simulator: RunningSimulator, account: str, **changes: str) -> tuple[Platform, PayerFinder]:
    values = {**settings_of(simulator.account(account), simulator.url), **changes}
    platform = open_platform(values["platform"], values, SeededEntropy())
    payers = platform.payers  # type: ignore[attr-defined]
    return platform, payers


def code_for(payers: PayerFinder, customer: str) -> str:
    """Follow the redirect as the app of a customer does and return the code that comes back."""
    away = requests.get(
        payers.redirect_url(BACK, "s7"), cookies={"storebox_phone": customer}, allow_redirects=False, timeout=5
    )
    assert away.status_code == 302, away.text
    back = urlsplit(away.headers["Location"])
    query = parse_qs(back.query)
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK.partition("?")[0]
    assert query["state"] == ["s7"] and query["a"] == ["1"]
    return query[payers.code_field][0]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_code_stands_for_who_opened_the_page_and_serves_once(simulator: RunningSimulator, account: str) -> None:
    platform, payers = opened(simulator, account)
    code = code_for(payers, "C2")
    first, second = payers.payer(code), payers.payer(code_for(payers, "C1"))
    assert first != second, "two customers"
    assert first == payers.payer(code_for(payers, "C2")), "the same one again"
    with pytest.raises(Refused, match=r"payer\.code_refused"):
        payers.payer(code)
    number = f"S001_1_000001_A1{account.replace('-', '')[:12].upper()}"
    offer = platform.offer(Way.IN_APP, number, 1000, "x", wall_ms() + 600_000, first)
    assert offer.verdict is OfferVerdict.OPEN and offer.parameters


@pytest.mark.parametrize("account", ["wechat", "alipay"])
@pytest.mark.parametrize("code", ["", "made-up", "x" * 600, "乱", "a\nb"])
def test_a_wrong_code_is_refused(simulator: RunningSimulator, account: str, code: str) -> None:
    _, payers = opened(simulator, account)
    with pytest.raises(Refused, match=r"payer\.code_refused"):
        payers.payer(code)


@pytest.mark.parametrize("account", ["wechat", "alipay"])
def test_an_old_code_and_one_of_another_application_are_refused(simulator: RunningSimulator, account: str) -> None:
    _, payers = opened(simulator, account)
    _, others = opened(simulator, {"wechat": "wechat-partner", "alipay": "alipay-certificate"}[account])
    with pytest.raises(Refused):
        others.payer(code_for(payers, "C1"))
    old = code_for(payers, "C1")
    simulator.pass_time(301)
    with pytest.raises(Refused):
        payers.payer(old)
    simulator.pass_time(-301)


def test_a_wrong_secret_learns_nothing(simulator: RunningSimulator) -> None:
    _, payers = opened(simulator, "wechat", app_secret="0" * 32)
    with pytest.raises(Refused):
        payers.payer(code_for(payers, "C1"))


def test_without_the_applications_secret_nobody_is_asked(simulator: RunningSimulator) -> None:
    assert opened(simulator, "wechat", app_secret="")[1] is None


@pytest.mark.parametrize("weather", ["garbage", "500", "down"])
@pytest.mark.parametrize("account", ["wechat", "alipay"])
def test_what_cannot_be_understood_names_nobody(simulator: RunningSimulator, account: str, weather: str) -> None:
    _, payers = opened(simulator, account)
    code = code_for(payers, "C1")
    simulator.control(weather)
    with pytest.raises(StoreboxError):
        payers.payer(code)


@pytest.mark.parametrize("weather", ["forged", "unsigned"])
def test_alipays_word_counts_with_its_signature_only(simulator: RunningSimulator, weather: str) -> None:
    _, payers = opened(simulator, "alipay")
    code = code_for(payers, "C1")
    simulator.control(weather)
    with pytest.raises(UnknownOutcome):
        payers.payer(code)


def test_addresses_are_the_platforms_own_unless_told_otherwise(simulator: RunningSimulator) -> None:
    bare = {"authorize_url": "", "sns_url": ""}
    _, wechat = opened(simulator, "wechat", **bare)
    assert wechat.redirect_url(BACK, "s").startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx")
    assert wechat.redirect_url(BACK, "s").endswith("&response_type=code&scope=snsapi_base&state=s#wechat_redirect")
    _, alipay = opened(simulator, "alipay", authorize_url="")
    assert alipay.redirect_url(BACK, "s").startswith(
        "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm?app_id="
    )


def test_the_secret_of_the_application_shows_nowhere(simulator: RunningSimulator) -> None:
    values = settings_of(simulator.account("wechat"), simulator.url)
    assert values["app_secret"] not in repr(read_settings(values))


@pytest.mark.parametrize("wrong", [{"appid": "wx1"}, {"redirect_uri": "javascript:alert(1)"}])
def test_a_page_that_no_application_registered_is_not_sent_back(
    simulator: RunningSimulator, wrong: dict[str, str]
) -> None:
    right = {"appid": simulator.account("wechat").values["appid"], "redirect_uri": BACK, "state": ""}
    answer = requests.get(
        f"{simulator.url}/connect/oauth2/authorize", params={**right, **wrong}, allow_redirects=False, timeout=5
    )
    assert answer.status_code == 200 and "redirect_uri" in answer.text
