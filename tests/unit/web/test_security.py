"""Every attack that a browser can be made to carry out, and the refusal that meets it."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from agent.services import staff
from agent.services.shop import Shop
from agent.web.access import csrf_of
from agent.web.security import BODY_MAX_BYTES, Guard, host_name
from tests.unit.web.conftest import ORIGIN, PINS

LINE = {"code": "D001"}


def code(answer: object) -> str:
    found: str = answer.json()["error"]["code"]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "169.254.1.1:8080", "[::2]:8080"]
)
def test_dns_rebinding_a_foreign_host_is_misdirected_on_every_path(client: TestClient, host: str) -> None:
    for path in ("/", "/api/v1/people", "/health", "/static/js/till.js", "/desk", "/nothing"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert code(answer) == "request.foreign_host"


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
def test_own_hosts_pass(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


def test_a_host_with_port_in_the_list_is_exact() -> None:
    guard = Guard(lambda *_: None, ["box.shop:8443"])  # type: ignore[arg-type,return-value]
    assert guard.refusal("GET", "/", "https", _headers("box.shop:8443")) is None
    assert guard.refusal("GET", "/", "https", _headers("box.shop:80")) is not None


def _headers(host: str) -> object:
    from starlette.datastructures import Headers

    return Headers({"host": host})


def test_host_names_are_cut_from_ports() -> None:
    assert [host_name(host) for host in ("A:1", "[::1]:80", "b")] == ["a", "[::1]", "b"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:9999",  # the same host, another port
        "https://127.0.0.1:8080",
        "http://localhost:8080",
        "null",
        "",
    ],
)
def test_a_foreign_origin_changes_nothing(cashier: TestClient, origin: str) -> None:
    answer = cashier.post("/api/v1/basket/lines", json=LINE, headers={"Origin": origin})
    assert (answer.status_code, code(answer)) == (403, "request.foreign_origin")
    assert cashier.get("/api/v1/state").json()["basket"] is None


def test_a_missing_origin_changes_nothing(cashier: TestClient) -> None:
    del cashier.headers["Origin"]
    answer = cashier.post("/api/v1/basket/lines", json=LINE)
    assert (answer.status_code, code(answer)) == (403, "request.foreign_origin")
    assert cashier.delete("/api/v1/session").status_code == 403


def test_a_cross_site_form_changes_nothing(cashier: TestClient) -> None:
    """A form can send these three types without asking the box first."""
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = cashier.post(
            "/api/v1/basket/lines", content='{"code": "D001"}', headers={"Content-Type": content_type}
        )
        assert (answer.status_code, code(answer)) == (415, "request.not_json")


def test_a_change_without_content_type_is_refused(cashier: TestClient) -> None:
    answer = cashier.post("/api/v1/basket/total")
    assert (answer.status_code, code(answer)) == (415, "request.not_json")


@pytest.mark.parametrize("token", ["", "0" * 64, "日本"])
def test_a_change_needs_the_session_s_csrf_token(cashier: TestClient, token: str) -> None:
    answer = cashier.post("/api/v1/basket/lines", json=LINE, headers={"X-Storebox-CSRF": token.encode()})
    assert (answer.status_code, code(answer)) == (403, "request.csrf")


def test_the_csrf_token_does_not_give_the_session_away() -> None:
    assert csrf_of("token") != csrf_of("tokem")
    assert "token" not in csrf_of("token")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_data_is_not_read_from_other_sites(cashier: TestClient, site: str) -> None:
    assert cashier.get("/api/v1/state", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert cashier.get("/desk/state", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert cashier.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


def test_the_cookie_is_strict_and_names_the_store(client: TestClient, shop: Shop) -> None:
    answer = client.post("/api/v1/session", json={"staff": "07", "pin": PINS["07"], "till": "1"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("storebox_S001=")
    assert "HttpOnly" in cookie and "Path=/" in cookie and "samesite=strict" in cookie.lower()
    assert "Secure" not in cookie
    assert answer.json()["csrf"] not in cookie


def test_over_tls_the_cookie_is_secure(app: object) -> None:
    secure = "https://127.0.0.1:8443"
    client = TestClient(app, base_url=secure, headers={"Origin": secure})  # type: ignore[arg-type]
    answer = client.post("/api/v1/session", json={"staff": "07", "pin": PINS["07"], "till": "1"})
    assert "Secure" in answer.headers["Set-Cookie"]


def test_every_answer_carries_the_headers(cashier: TestClient) -> None:
    for path in ("/", "/api/v1/state", "/api/v1/nothing", "/static/css/base.css", "/health", "/favicon.ico"):
        headers = cashier.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert not [name for name in headers if name.lower().startswith("access-control")]


def test_a_preflight_gets_no_leave(cashier: TestClient) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer = cashier.options("/api/v1/basket/lines", headers=asked)
    assert answer.status_code == 405
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_no_get_changes_anything(cashier: TestClient, open_shop: Shop) -> None:
    before = open_shop.writer.last_seq
    paths = cashier.get("/api/v1/openapi.json").json()["paths"]
    for path, verbs in paths.items():
        if "get" in verbs and not path.endswith("/live"):
            cashier.get(path.replace("{till}", "1").replace("{sale}", "x").replace("{attempt}", "x"))
    assert open_shop.writer.last_seq == before


def test_an_ended_session_is_over(cashier: TestClient) -> None:
    token = cashier.cookies["storebox_S001"]
    assert cashier.delete("/api/v1/session").json() == {}
    answer = cashier.get("/api/v1/state", headers={"Cookie": f"storebox_S001={token}"})
    assert (answer.status_code, code(answer)) == (401, "session.missing")


def test_logging_in_again_ends_the_session_before(cashier: TestClient, log_in: Callable[..., TestClient]) -> None:
    before = cashier.cookies["storebox_S001"]
    log_in("03")
    cashier.cookies.clear()
    assert cashier.get("/api/v1/state", headers={"Cookie": f"storebox_S001={before}"}).status_code == 401


def test_a_key_works_without_origin_and_cookie(client: TestClient, open_shop: Shop) -> None:
    _, key = staff.add_api_key(open_shop, "kiosk", "cashier", "1")
    del client.headers["Origin"]
    headers = {"Authorization": f"Bearer {key}"}
    assert client.post("/api/v1/basket/lines", json=LINE, headers=headers).status_code == 200
    assert client.get("/api/v1/state", headers=headers).json()["staff"].startswith("key:")


def test_a_wrong_key_is_not_rescued_by_a_cookie(cashier: TestClient) -> None:
    for value in ("Bearer wrong", "Bearer ", "Basic abc"):
        answer = cashier.get("/api/v1/state", headers={"Authorization": value})
        assert (answer.status_code, code(answer)) == (401, "key.unknown")


def test_a_key_is_held_to_json_too(client: TestClient, open_shop: Shop) -> None:
    _, key = staff.add_api_key(open_shop, "kiosk", "cashier", "1")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/plain"}
    assert client.post("/api/v1/basket/lines", content="{}", headers=headers).status_code == 415


def test_a_long_body_is_refused_by_what_it_announces_and_by_what_it_sends(cashier: TestClient) -> None:
    long = b'"' + b"x" * BODY_MAX_BYTES + b'"'
    answer = cashier.post("/api/v1/scan", content=long, headers={"Content-Type": "application/json"})
    assert (answer.status_code, code(answer)) == (413, "request.too_large")
    streamed = cashier.post(
        "/api/v1/scan", content=iter([long[:1000], long[1000:]]), headers={"Content-Type": "application/json"}
    )
    assert (streamed.status_code, code(streamed)) == (413, "request.too_large")


def test_without_a_session_only_the_login_screen_s_needs_are_open(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    open_to_all = set()
    for path, verbs in paths.items():
        if "get" not in verbs or path.endswith("/live"):
            continue
        answer = client.get(path.replace("{till}", "1").replace("{sale}", "x").replace("{attempt}", "x"))
        if answer.status_code != 401:
            open_to_all.add(path)
    assert open_to_all == {"/api/v1/people", "/api/v1/display/{till}", "/health"}


def test_metrics_are_for_this_machine_only(app: object) -> None:
    elsewhere = TestClient(app, base_url=ORIGIN, client=("192.168.1.20", 5000))  # type: ignore[arg-type]
    assert elsewhere.get("/metrics").status_code == 403
    here = TestClient(app, base_url=ORIGIN, client=("127.0.0.1", 5000))  # type: ignore[arg-type]
    said = here.get("/metrics").text
    names = set(re.findall(r"^(storebox_[a-z_]+)", said, re.MULTILINE))
    assert {"storebox_unsent_entries", "storebox_sync_lag_seconds", "storebox_disk_free_bytes"} <= names
    assert 'storebox_print_queue_slips{state="queued"} 0.0' in said
    labels = set(re.findall(r"(\w+)=", "".join(re.findall(r"\{(.*?)\}", said))))
    assert labels <= {"version", "epoch", "part", "state"}, "a label says more than it may"
