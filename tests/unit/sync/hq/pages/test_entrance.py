"""Who gets in, what each may do and see, and what a hostile page can't."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sync.hq import registry
from sync.hq.books.notes import notes_of, verify
from sync.hq.commissioning.enrolling import enrol
from sync.hq.commissioning.outcomes import Asking
from sync.hq.pages.entrance import OFFICE_BOOK
from sync.hq.people.accounts import add_person
from sync.hq.people.sessions import IDLE_MS
from tests.unit.sync.hq.pages.office import DAY, NOW_MS, ORIGIN, PASSWORD, House, opened

PAGES = ("/", "/stores/S001", f"/stores/S001/days/{DAY}", f"/stores/S001/days/{DAY}/ledger.csv", "/boxes", "/people")
READERS = {
    "accountant": (200, 200, 200, 200, 403, 403),
    "lead_accountant": (200, 200, 200, 200, 403, 200),
    "fleet": (200, 200, 200, 403, 200, 200),
    "auditor": (200, 200, 200, 200, 403, 403),
}


@pytest.fixture
def house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    made = opened(tmp_path, database_url)
    yield made
    made.office.close()


def notes(house: House, book: str) -> list[tuple[str, str, str]]:
    with house.office.database.read() as connection:
        assert verify(connection, book) is None
        return [(note.actor, note.kind, note.subject) for note in notes_of(connection, book)]


def secret_in(answer: Any) -> str:
    return str(answer.text.split('id="secret">')[1].split("<")[0])


def test_who_is_not_logged_in_is_led_to_the_entrance(house: House) -> None:
    for path in PAGES:
        answer = house.browser().get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), path
    assert house.browser().get("/", **{"X-Storebox-Part": "1"}).status_code == 401


@pytest.mark.parametrize("role", READERS)
def test_each_role_opens_what_it_may(house: House, role: str) -> None:
    house.person("某人", role)
    browser = house.browser("某人")
    assert tuple(browser.get(path).status_code for path in PAGES) == READERS[role]


def test_nobody_sees_a_store_outside_the_scope(house: House) -> None:
    house.person("李会计", "accountant", ["S001"])
    browser = house.browser("李会计")
    text = browser.get("/").text
    assert "一号店" in text and "S002" not in text
    for path in ("/stores/S002", f"/stores/S002/days/{DAY}", f"/stores/S002/days/{DAY}/ledger.csv"):
        assert browser.get(path).status_code == 403, path
    house.person("设备", "fleet", ["S001"])
    fleet = house.browser("设备")
    assert "S002" not in fleet.get("/boxes").text
    assert fleet.act("/boxes/token", store="S002").status_code == 403
    assert fleet.act("/boxes/revoke", store="S002", epoch="1", reason="stolen").status_code == 403


def test_a_wrong_password_says_so_and_gives_no_cookie(house: House) -> None:
    house.person("李会计", "accountant")
    answer = house.browser().post("/login", name="李会计", password="nonsense")
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert "Name or password is wrong" in answer.text


def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    house.person("李会计", "accountant")
    cookie = house.browser().post("/login", name="李会计", password=PASSWORD).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/x\r\nSet-Cookie: a=b"])
def test_the_way_back_leads_nowhere_else(house: House, back: str) -> None:
    house.person("李会计", "accountant")
    answer = house.browser().post("/login", name="李会计", password=PASSWORD, next=back)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://hq.test", "http://hq.test:81"])
def test_a_form_of_another_site_is_refused(house: House, origin: str | None) -> None:
    house.person("设备", "fleet")
    browser = house.browser("设备")
    fields = {"csrf": browser.csrf(), "store": "S001"}
    answer = browser.client.post("/boxes/token", data=fields, headers={"Origin": origin} if origin else {})
    assert answer.status_code == 403 and notes(house, "S001") == []


@pytest.mark.parametrize("csrf", ["", "0" * 64, "中文"])
def test_a_form_without_the_sessions_token_is_refused(house: House, csrf: str) -> None:
    house.person("设备", "fleet")
    browser = house.browser("设备")
    for path in ("/boxes/token", "/boxes/revoke", "/people/add", "/programs/add", "/logout", "/password"):
        assert browser.post(path, csrf=csrf, store="S001", name="x").status_code == 403, path
    assert notes(house, "S001") == notes(house, OFFICE_BOOK) == []


def test_what_is_no_form_or_too_large_is_refused(house: House) -> None:
    client = house.browser().client
    assert client.post("/login", json={"name": "x"}, headers={"Origin": ORIGIN}).status_code == 400
    assert client.post("/login", data={"name": "x" * 20_000}, headers={"Origin": ORIGIN}).status_code == 400
    form = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=b"name=%ff%fe", headers=form).status_code == 400


def test_every_answer_carries_the_headers(house: House) -> None:
    for answer in (house.browser().get("/login"), house.browser().get("/"), house.browser().get("/pages/hq.js")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"


def test_pages_hold_no_inline_script_or_style(house: House) -> None:
    house.person("设备", "fleet")
    browser = house.browser("设备")
    answers = (browser.get("/"), browser.get("/stores/S001"), browser.act("/boxes/token", store="S001"))
    for text in (answer.text for answer in answers):
        assert " style=" not in text and " onclick=" not in text and "<style" not in text
        assert text.count("<script") == 1


def test_the_first_password_must_be_changed(house: House) -> None:
    with house.office.database.write() as connection:
        first = add_person(connection, "新人", "accountant", None, NOW_MS)
    browser = house.browser()
    assert browser.post("/login", name="新人", password=first).status_code == 303
    assert browser.get("/").headers["location"] == "/password"
    new = {"new": "a longer one", "again": "a longer one"}
    assert browser.act("/password", present="wrong", **new).status_code == 400
    assert browser.act("/password", present=first, new="a longer one", again="another one").status_code == 400
    assert browser.act("/password", present=first, new=first, again=first).status_code == 400
    assert browser.act("/password", present=first, new="short", again="short").status_code == 400
    assert browser.act("/password", present=first, **new).status_code == 303
    assert browser.get("/").status_code == 200
    assert notes(house, OFFICE_BOOK) == [("新人", "account.password_changed", "新人")]


def test_logging_out_ends_the_session(house: House) -> None:
    house.person("李会计", "accountant")
    browser = house.browser("李会计")
    token = browser.client.cookies["storebox_hq"]
    assert browser.act("/logout").status_code == 303
    browser.client.cookies.set("storebox_hq", token)
    assert browser.get("/").status_code == 303


def test_a_page_that_refreshes_itself_keeps_no_session_alive(house: House) -> None:
    house.person("李会计", "accountant")
    browser = house.browser("李会计")
    for _ in range(3):
        house.now_ms += IDLE_MS // 3
        assert browser.get("/", **{"X-Storebox-Part": "1"}).status_code == 200
    house.now_ms += 1
    assert browser.get("/", **{"X-Storebox-Part": "1"}).status_code == 401


def test_languages(house: House) -> None:
    assert "登录" in house.browser(language="zh-CN,zh;q=0.9").get("/login").text
    browser = house.browser(language="zh-CN")
    assert browser.post("/language", language="en", next="/login").headers["location"] == "/login"
    assert "Log in" in browser.get("/login").text
    assert browser.post("/language", language="fr", next="/").status_code == 400


def test_guesses_from_one_address_are_bounded(house: House) -> None:
    browser = house.browser()
    statuses = [browser.post("/login", name=f"nobody{n}", password="x").status_code for n in range(22)]
    assert statuses[0] == 401 and statuses[-1] == 429


def test_a_token_is_shown_once_and_noted(house: House) -> None:
    house.person("设备", "fleet")
    browser = house.browser("设备")
    assert browser.act("/boxes/token", store="S001").status_code == 409, "S001 has a box: it is replaced, with a reason"
    assert browser.act("/boxes/token", store="S001", mode="replace", reason=" ").status_code == 400
    answer = browser.act("/boxes/token", store="S001", mode="replace", reason="进水")
    token = secret_in(answer)
    assert house.office.keys.fingerprint in answer.text and 'class="qr"' in answer.text
    assert 'id="store-S001"' in answer.text and 'id="store-S002"' not in answer.text, "the store in hand alone"
    assert 'id="store-S002"' in browser.get("/boxes?store=S002").text
    assert "/boxes?store=S001" in browser.get("/stores/S001").text
    assert token not in browser.get("/boxes").text
    with house.office.database.write() as connection:
        asking = Asking("S001", "B2", b"k" * 32, "192.0.2.7")
        assert enrol(connection, asking, token, [], NOW_MS).epoch == 2
    assert notes(house, "S001") == [("设备", "enrolment.token_made", "S001"), ("box:B2", "box.enrolled", "S001")]


def test_an_unused_token_is_withdrawn_with_a_reason_by_who_may(house: House) -> None:
    house.person("设备", "fleet")
    house.person("小王", "fleet", stores=["S002"])
    browser = house.browser("设备")
    token = secret_in(browser.act("/boxes/token", store="S001", mode="replace", reason="进水"))
    name = sha256(token.encode()).hexdigest()[:8]
    assert f'name="name" value="{name}"' in browser.get("/boxes?store=S001").text
    said = {"store": "S001", "name": name}
    assert house.browser("小王").act("/boxes/withdraw", **said, reason="mine").status_code == 403
    assert browser.act("/boxes/withdraw", **said, reason=" ").status_code == 400
    assert browser.act("/boxes/withdraw", **said, reason="发错店").status_code == 303
    assert browser.act("/boxes/withdraw", **said, reason="again").status_code == 400
    assert name not in browser.get("/boxes?store=S001").text
    assert notes(house, "S001")[-1] == ("设备", "enrolment.token_withdrawn", "S001")


def test_a_box_is_taken_out_of_use_with_a_reason_once(house: House) -> None:
    house.person("设备", "fleet")
    browser = house.browser("设备")
    assert browser.act("/boxes/revoke", store="S001", epoch="1", reason=" ").status_code == 400
    assert browser.act("/boxes/revoke", store="S001", epoch="x", reason="stolen").status_code == 400
    assert browser.act("/boxes/revoke", store="S001", epoch="7", reason="stolen").status_code == 404
    assert browser.act("/boxes/revoke", store="S001", epoch="1", reason="被盗").status_code == 303
    assert browser.act("/boxes/revoke", store="S001", epoch="1", reason="again").status_code == 400
    with house.office.database.read() as connection:
        assert registry.epoch_of_store(connection, "S001", 1).revoked
    assert notes(house, "S001") == [("设备", "box.revoked", "S001.1")]
    assert "被盗" in browser.get("/stores/S001").text


def test_persons_are_added_reset_and_locked_out(house: House) -> None:
    house.person("主管", "lead_accountant")
    browser = house.browser("主管")
    first = secret_in(browser.act("/people/add", name="新人", role="accountant", store="S001"))
    other = house.browser()
    assert other.post("/login", name="新人", password=first).status_code == 303
    second = secret_in(browser.act("/people/reset", name="新人"))
    assert other.get("/").headers["location"].startswith("/login"), "a reset ends sessions"
    assert browser.act("/people/disable", name="新人").status_code == 303
    assert house.browser().post("/login", name="新人", password=second).status_code == 401
    assert [kind for _, kind, _ in notes(house, OFFICE_BOOK)] == ["account.added", "account.reset", "account.disabled"]


@pytest.mark.parametrize(
    ("role", "act", "fields"),
    [
        ("fleet", "/people/add", {"name": "x", "role": "lead_accountant"}),
        ("fleet", "/people/reset", {"name": "别的主管"}),
        ("fleet", "/people/disable", {"name": "别的主管"}),
        ("fleet", "/programs/add", {"name": "x"}),
        ("lead_accountant", "/people/add", {"name": "x", "role": "fleet"}),
        ("lead_accountant", "/people/disable", {"name": "我"}),
        ("lead_accountant", "/people/add", {"name": "x", "role": "king"}),
        ("lead_accountant", "/people/add", {"name": " ", "role": "auditor"}),
        ("lead_accountant", "/people/add", {"name": "x", "role": "auditor", "store": "S999"}),
        ("lead_accountant", "/people/reset", {"name": "nobody"}),
        ("lead_accountant", "/programs/revoke", {"token": "00"}),
    ],
)
def test_nobody_gives_or_takes_what_he_has_not(house: House, role: str, act: str, fields: dict[str, str]) -> None:
    house.person("别的主管", "lead_accountant")
    house.person("我", role)
    assert house.browser("我").act(act, **fields).status_code in (400, 403)
    assert notes(house, OFFICE_BOOK) == []


def test_a_scoped_manager_stays_within_the_scope(house: House) -> None:
    house.person("主管", "lead_accountant", ["S001"])
    house.person("全", "accountant")
    browser = house.browser("主管")
    assert browser.act("/people/add", name="x", role="accountant", store="S002").status_code == 403
    assert browser.act("/people/reset", name="全").status_code == 403
    token = secret_in(browser.act("/programs/add", name="erp"))
    with house.office.database.read() as connection:
        assert registry.stores_for_token(connection, token) == {"S001"}, "none ticked is what the manager sees"


def test_a_programs_token_reads_until_it_is_revoked(house: House) -> None:
    house.person("主管", "lead_accountant")
    browser = house.browser("主管")
    token = secret_in(browser.act("/programs/add", name="<b>erp</b>", store="S001"))
    reads = {"Authorization": f"Bearer {token}"}
    assert browser.client.get("/v1/ledger", headers=reads).status_code == 200
    text = browser.get("/people").text
    assert "<b>erp" not in text
    digest = text.split('name="token" value="')[1].split('"')[0]
    assert browser.act("/programs/revoke", token=digest).status_code == 303
    assert browser.client.get("/v1/ledger", headers=reads).status_code == 401
    assert [kind for _, kind, _ in notes(house, OFFICE_BOOK)] == ["program.token_made", "program.token_revoked"]
