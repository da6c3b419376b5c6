"""What headquarters put comes down to a real shop over a real socket: signed, once, in order, in time, and no other."""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update

from agent.core.bill import BillKind, BillLine
from agent.core.canonical import canonical
from agent.core.chain import Identity
from agent.core.directives import FIRST_VERSION, Directive, Kind, Outcome, portal_refund_body
from agent.core.errors import Credentials, Refused, StoreboxError
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from agent.core.verbs import Order, Verb, order_of
from agent.daemon.directives import apply
from agent.services import checkout, days, health, messages, payments, refunds, shifts, staff, tendering
from agent.services.directives import Directives, document_in_force
from agent.services.shop import Actor
from agent.store import views
from agent.store.verify import verify
from sync.directives import DirectiveFetcher, believed
from sync.hq.directives import down, putting
from sync.hq.directives.listing import listed
from sync.hq.directives.tables import directive
from sync.hq.keys import HqKeys
from sync.hq.office import Office
from sync.keylist import KeyRing
from sync.keys import FileKey
from sync.session import HttpSession
from tests.shops import CASHIER, MANAGER, FakePlatform, make_shop
from tests.unit.sync.fakes import AT_MS, FakeClock, FakeJournal, RunningHq, SeededEntropy, new_key, running_hq

CATALOGUE = '[[item]]\nsku = "N1"\nname = "新品"\nprice_fen = 990\n'
BOX = Identity("S001", "B1", 1)


class Store:
    """A shop in memory of its own folder, and the way from headquarters to it."""

    def __init__(self, folder: Path, hq: RunningHq) -> None:
        self.hq = hq
        self.key = new_key()
        self.platform = FakePlatform()
        self.shop = make_shop(folder, platforms={"wechat": self.platform})
        self.told: list[dict[str, Any]] = []
        self.shop.publish = lambda kind, data: self.told.append({"kind": kind, **data})
        hq.register(FakeJournal(BOX, self.key))
        self.orders: list[str] = []
        self.taker = Directives(self.shop, lambda: self.orders.append("order"))
        self.keys = KeyRing(hq.office.keys.root_public_key, hq.office.keys.key_list)
        self.session = HttpSession(hq.url, read_timeout_s=20)
        self.fetcher = self.new_fetcher()

    def new_fetcher(self, wait_s: int = 0) -> DirectiveFetcher:
        return DirectiveFetcher(
            BOX, self.session, self.key, self.keys, self.taker, FakeClock(), SeededEntropy(), wait_s=wait_s
        )

    def put(self, kind: Kind, body: str, **more: Any) -> int:
        with self.hq.office.database.write() as connection:
            return putting.put(connection, kind, body, ["S001"], AT_MS, "fleet", **more)["S001"]

    def come(self) -> None:
        """Ask once; what went wrong fails the test."""
        self.fetcher.step()
        assert self.fetcher.last_error is None, self.fetcher.last_error

    def outcome(self, kind: Kind, version: int) -> str | None:
        with self.hq.office.database.read() as connection:
            rows = listed(connection, "S001", kind.value)
        return next(one.outcome for one in rows if one.version == version)

    def applied(self, kind: Kind) -> list[tuple[int, str]]:
        rows = self.shop.read().execute(
            "SELECT body ->> '$.version', body ->> '$.sha256' FROM journal"
            " WHERE kind = 'directive.applied' AND body ->> '$.kind' = ? ORDER BY seq",
            (kind.value,),
        )
        return [(int(version), digest) for version, digest in rows]

    def entries(self, kind: str) -> int:
        return int(self.shop.read().execute("SELECT count(*) FROM journal WHERE kind = ?", (kind,)).fetchone()[0])

    def open(self) -> None:
        days.open_the_day(self.shop, MANAGER)
        shifts.open_a_shift(self.shop, CASHIER, 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headquarters' folder as it is at first: making it takes longer than most tests."""
    folder = tmp_path_factory.mktemp("made") / "hq"
    Office.open(folder).close()
    return folder


@pytest.fixture(scope="module")
def keys(made: Path) -> HqKeys:
    """Headquarters' keys."""
    return HqKeys.load_or_create(made)


@pytest.fixture
def hq(made: Path, tmp_path: Path) -> Iterator[RunningHq]:
    with running_hq(Path(shutil.copytree(made, tmp_path / "hq"))) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path, hq: RunningHq) -> Iterator[Store]:
    made = Store(tmp_path, hq)
    yield made
    made.session.close()
    made.shop.writer.close()


def test_a_catalogue_comes_down_is_journaled_and_sold_by(store: Store) -> None:
    version = store.put(Kind.CATALOGUE, CATALOGUE)
    assert version == FIRST_VERSION
    store.come()
    store.come()
    assert store.outcome(Kind.CATALOGUE, version) == Outcome.APPLIED
    assert [one for one, _ in store.applied(Kind.CATALOGUE)] == [version]
    store.open()
    checkout.add_code(store.shop, CASHIER, "N1")
    done = tendering.pay_cash(store.shop, CASHIER, None)["completed"]
    (body,) = store.shop.read().execute("SELECT body FROM journal WHERE kind = 'sale.completed'").fetchone()
    assert f'"catalogue":{version}' in body
    assert done["total_fen"] == 990
    held = document_in_force(store.shop.read(), "catalogue")
    assert held == (version, CATALOGUE), "the next start must sell by it, too"
    assert verify(store.shop.writer.path, views).ok


def test_the_newest_holds_and_an_older_one_is_refused(store: Store) -> None:
    first = store.put(Kind.CATALOGUE, CATALOGUE)
    with store.hq.office.database.read() as connection:
        rows = down.lacking(connection, "S001", {Kind.CATALOGUE: 0})
    (old,) = down.signed(store.hq.office.keys, BOX, rows, AT_MS)
    second = store.put(Kind.CATALOGUE, CATALOGUE.replace("990", "1090"))
    store.come()
    store.taker.take(believed(old, BOX, store.keys))
    assert store.shop.catalog.item("N1").price_fen == 1090
    assert [one for one, _ in store.applied(Kind.CATALOGUE)] == [second]
    assert [(one.version, one.code) for one in store.taker.answers()] == [(first, "directive.older")]


def test_a_later_one_waits_for_its_time(store: Store) -> None:
    now_ms = store.shop.clock.now_ms()
    version = store.put(Kind.CATALOGUE, CATALOGUE, effective_ms=now_ms + 3_600_000)
    store.come()
    assert store.outcome(Kind.CATALOGUE, version) == Outcome.WAITING
    assert store.shop.catalog.find("N1") is None
    store.shop.clock.advance(3_601)  # type: ignore[attr-defined]
    store.come()
    assert store.shop.catalog.find("N1") is not None
    assert store.outcome(Kind.CATALOGUE, version) == Outcome.APPLIED


def test_one_that_waits_lets_the_one_before_it_through(store: Store) -> None:
    now_ms = store.shop.clock.now_ms()
    store.put(Kind.CATALOGUE, CATALOGUE)
    store.put(Kind.CATALOGUE, CATALOGUE.replace("N1", "N2"), effective_ms=now_ms + 3_600_000)
    store.come()
    assert store.shop.catalog.find("N1") is not None
    store.shop.clock.advance(3_601)  # type: ignore[attr-defined]
    store.come()
    assert store.shop.catalog.find("N2") is not None


def _signed(keys: HqKeys, changed: Mapping[str, object], identity: Identity = BOX) -> dict[str, object]:
    body = str(changed.get("body", CATALOGUE))
    document = {
        "kind": "catalogue",
        "version": 1001,
        "effective_ms": 0,
        "body": body,
        "sha256": sha256(body.encode()).hexdigest(),
    }
    return keys.signed_directive(identity, {**document, **changed}, AT_MS)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (lambda keys: {**_signed(keys, {}), "body": "x"}, "directive.not_signed"),
        (lambda keys: {**_signed(keys, {}), "kid": "receipt-1"}, "directive.not_signed"),
        (lambda keys: {**_signed(keys, {}), "signature": "zz"}, "directive.not_signed"),
        (lambda keys: _signed(keys, {}, Identity("S002", "B1", 1)), "directive.of_another_box"),
        (lambda keys: _signed(keys, {}, Identity("S001", "B1", 2)), "directive.of_another_box"),
        (lambda keys: _signed(keys, {"sha256": "0" * 64}), "directive.malformed"),
        (lambda keys: _signed(keys, {"version": 0}), "directive.malformed"),
        (lambda keys: _signed(keys, {"kind": "shell"}), "directive.unknown_kind"),
        (lambda keys: {**_signed(keys, {}), "more": 1}, "hq.garbage_answer"),
        (lambda keys: [], "hq.garbage_answer"),
    ],
)
def test_what_is_not_signed_for_this_box_is_not_believed(keys: HqKeys, document: Any, code: str) -> None:
    with pytest.raises(StoreboxError) as refused:
        believed(document(keys), BOX, KeyRing(keys.root_public_key, keys.key_list))
    assert refused.value.code == code


def test_a_receipt_of_headquarters_is_no_directive(keys: HqKeys) -> None:
    receipt = keys.signed_receipt(BOX, 1, "0" * 64, AT_MS)
    forged = {**_signed(keys, {}), "signature": receipt["signature"], "kid": receipt["kid"]}
    with pytest.raises(Credentials, match=r"directive\.not_signed"):
        believed(forged, BOX, KeyRing(keys.root_public_key, keys.key_list))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.CATALOGUE, "[[item]]\nname = 1\n"),
        (Kind.CATALOGUE, "= ="),
        (Kind.TENDERS, ""),
        (Kind.ROLES, "sell = 5\n"),
        (Kind.STAFF, '[[person]]\nstaff = "07"\nname = "A"\nrole = "emperor"\n'),
        (Kind.STAFF, "surprise = true\n"),
        (Kind.STOP_SALE, '[[item]]\nreason = "x"\n'),
        (Kind.MESSAGES, '[[message]]\ntext = "a\\u0007b"\n'),
        (Kind.MESSAGES, '[[message]]\ntext = "x"\nuntil = 2026-12-01\n'),
    ],
)
def test_what_no_box_could_read_does_not_leave_headquarters(kind: Kind, body: str) -> None:
    with pytest.raises(Refused):
        putting.checked(kind, body)


def test_what_this_release_cant_read_is_refused_told_and_not_asked_for_again(store: Store) -> None:
    bad = Directive(Kind.CATALOGUE, 1005, 0, "= =", "0" * 64, "s", AT_MS)
    store.taker.take(bad)
    assert store.taker.versions()["catalogue"] == 1005
    assert [(one.outcome, one.code) for one in store.taker.answers()] == [(Outcome.REFUSED, "directive.not_readable")]
    store.come()
    assert store.taker.answers() == []


def test_answers_are_sent_until_headquarters_have_them(store: Store) -> None:
    store.put(Kind.CATALOGUE, CATALOGUE)
    store.come()
    store.hq.stop()
    store.taker.turned_away("roles", 1009, "directive.not_readable")
    store.fetcher.step()
    assert store.fetcher.last_error is not None
    assert len(store.taker.answers()) == 1
    store.hq.start()
    store.come()
    assert store.taker.answers() == []


def test_a_stop_sale_stops_and_is_lifted(store: Store) -> None:
    store.put(Kind.CATALOGUE, CATALOGUE + CATALOGUE.replace("N1", "N2"))
    store.come()
    store.open()
    checkout.add_code(store.shop, CASHIER, "N1")
    store.put(Kind.STOP_SALE, '[[item]]\nsku = "N1"\nreason = "召回"\n')
    store.come()
    with pytest.raises(Refused, match=r"item\.stopped"):
        checkout.add_code(store.shop, CASHIER, "N1")
    with pytest.raises(Refused, match=r"item\.stopped"):
        tendering.pay_cash(store.shop, CASHIER, None)  # rung up before
    with pytest.raises(Refused, match=r"item\.stopped"):
        payments.start_code_payment(store.shop, CASHIER, "wechat", "134567890123456789")
    checkout.remove_line(store.shop, CASHIER, 1)
    checkout.add_code(store.shop, CASHIER, "N2")
    store.put(Kind.STOP_SALE, 'all = true\nreason = "盘点"\n')
    store.come()
    with pytest.raises(Refused, match=r"sale\.stopped"):
        tendering.pay_cash(store.shop, CASHIER, None)
    restarted = Directives(store.shop, lambda: None)
    store.shop.stop_sale = type(store.shop.stop_sale)()
    restarted.load()
    assert store.shop.stop_sale.everything, "a restart must not lift it"
    store.put(Kind.STOP_SALE, "")
    store.come()
    assert tendering.pay_cash(store.shop, CASHIER, None)["completed"]


def test_people_come_without_pins_and_go_with_their_sessions(store: Store) -> None:
    staff.add_person(store.shop, "07", "小王", "cashier", "1111")
    staff.add_person(store.shop, "08", "老李", "cashier", "2222")
    token, _ = staff.login(store.shop, "08", "2222", "1")
    store.put(
        Kind.STAFF,
        'complete = true\n[[person]]\nstaff = "07"\nname = "王组长"\nrole = "shift_lead"\n'
        '[[person]]\nstaff = "09"\nname = "新人"\nrole = "cashier"\n',
    )
    store.come()
    assert {(one["staff"], one["name"], one["role"]) for one in staff.people(store.shop)} == {
        ("07", "王组长", "shift_lead"),
        ("09", "新人", "cashier"),
    }
    assert staff.actor_of_session(store.shop, token) is None
    assert staff.login(store.shop, "07", "1111", "1")[1].role == "shift_lead"
    with pytest.raises(Credentials, match=r"staff\.wrong_pin"):
        staff.login(store.shop, "09", "0000", "1")
    changed = store.entries("staff.changed")
    store.fetcher = store.new_fetcher()
    store.come()
    assert store.entries("staff.changed") == changed


def test_messages_are_said_in_the_shops_language_until_they_end(store: Store) -> None:
    store.put(
        Kind.MESSAGES, '[[message]]\ntext = "明天停电"\n[[message]]\ntext = "旧"\nuntil = 2020-01-01T00:00:00+08:00\n'
    )
    store.come()
    said = [one for one in store.told if one["kind"] == "notice"]
    assert [(one["code"], one["values"]["text"]) for one in said] == [("hq.message", "明天停电")]


def test_a_message_stays_at_each_till_until_somebody_there_has_read_it(store: Store) -> None:
    def texts(actor: Actor = CASHIER) -> list[str]:
        return [one["text"] for one in health.state(store.shop, actor)["messages"]]

    other = replace(CASHIER, till="2")
    store.put(Kind.MESSAGES, '[[message]]\ntext = "明天停电"\n[[message]]\ntext = "盘点"\n')
    store.come()
    assert texts() == texts(other) == ["明天停电", "盘点"]
    first = health.state(store.shop, CASHIER)["messages"][0]["message"]
    for _ in range(2):
        messages.acknowledge(store.shop, CASHIER, first)
    assert (texts(), texts(other)) == (["盘点"], ["明天停电", "盘点"])
    store.shop.messages = ()
    Directives(store.shop, lambda: None).load()
    assert (texts(), texts(other)) == (["盘点"], ["明天停电", "盘点"]), "also after the next start"
    store.put(Kind.MESSAGES, '[[message]]\ntext = "新货到"\n[[message]]\ntext = "明天停电"\n')
    store.come()
    assert texts() == ["新货到"], "a newer list does not show again what was read"
    with pytest.raises(Refused, match=r"message\.unknown"):
        messages.acknowledge(store.shop, CASHIER, "0" * 16)
    store.put(Kind.MESSAGES, "")
    store.come()
    assert texts() == []
    with pytest.raises(Refused, match=r"message\.unknown"):
        messages.acknowledge(store.shop, CASHIER, first)


def _sold(store: Store) -> tuple[str, str]:
    store.put(Kind.CATALOGUE, CATALOGUE)
    store.come()
    store.open()
    checkout.add_code(store.shop, CASHIER, "N1")
    started, submit = payments.start_code_payment(store.shop, CASHIER, "wechat", "134567890123456789")
    submit()
    (transaction,) = (
        store.shop.read().execute("SELECT txn FROM view_attempt WHERE attempt = ?", (started["attempt"],)).fetchone()
    )
    (sale,) = store.shop.read().execute("SELECT sale FROM view_sale").fetchone()
    return str(sale), str(transaction)


def _portal(transaction: str, number: str | None = "PORTAL-1", fen: int = 990) -> dict[str, Any]:
    line = BillLine(BillKind.REFUND, "1900", "", transaction, number, "5030", AT_MS, fen, fen, 0, payer="oUp-secret")
    return portal_refund_body("wechat", line, "ab" * 32)


def test_a_refund_in_the_portal_is_journaled_once_and_never_paid_again(store: Store) -> None:
    sale, transaction = _sold(store)
    fact = _portal(transaction)
    assert "oUp-secret" not in canonical(fact)
    with store.hq.office.database.write() as connection:
        first = putting.put_fact(connection, Kind.PORTAL_REFUND, fact, "S001", AT_MS, "job", "wechat PORTAL-1")
        again = putting.put_fact(connection, Kind.PORTAL_REFUND, fact, "S001", AT_MS, "job", "wechat PORTAL-1")
        unknown = putting.put_fact(
            connection, Kind.PORTAL_REFUND, _portal("4200-none", "P2"), "S001", AT_MS, "job", "P2"
        )
    assert (first, again, unknown) == (1001, None, 1002)
    store.come()
    store.come()
    assert store.entries("refund.found") == 1
    assert store.outcome(Kind.PORTAL_REFUND, 1001) == Outcome.DONE
    assert store.outcome(Kind.PORTAL_REFUND, 1002) == Outcome.NOT_DONE
    (source,) = (
        store.shop.read().execute("SELECT body ->> '$.source' FROM journal WHERE kind = 'refund.found'").fetchone()
    )
    assert source == "hq"
    # a box that was restored asks for everything again
    store.shop.writer.run(
        lambda unit: unit.connection.execute("DELETE FROM counter WHERE name GLOB 'directive*'").rowcount
    )
    store.shop.writer.run(lambda unit: unit.connection.execute("DELETE FROM document").rowcount)
    store.come()
    assert store.entries("refund.found") == 1
    for in_cash in (False, True):
        with pytest.raises(Refused, match=r"refund\.given_in_portal"):
            refunds.refund_sale(store.shop, MANAGER, sale, None, "退", in_cash=in_cash)
    assert verify(store.shop.writer.path, views).ok


def _order(verb: Verb = Verb.BACK_UP, life_ms: int = 60_000) -> Order:
    return Order(verb, {}, "Li", "slow printer", AT_MS, AT_MS + life_ms)


def test_a_verb_is_journaled_done_once_and_answered(store: Store) -> None:
    order = _order()
    with store.hq.office.database.write() as connection:
        version = putting.put_fact(connection, Kind.VERB, order.body(), "S001", AT_MS, "Li", "v1")
    store.come()
    assert store.orders == ["order"]
    found = store.taker.next_order()
    assert found is not None
    assert (found[0], found[1]) == (version, order)
    store.taker.end_order(found[0], order, Outcome.DONE, None, {"kib": 5})
    store.taker.end_order(found[0], order, Outcome.NOT_DONE, "verb.interrupted", {})
    assert store.taker.next_order() is None
    store.come()
    assert (store.entries("verb.done"), store.outcome(Kind.VERB, found[0])) == (1, Outcome.DONE)
    with store.hq.office.database.read() as connection:
        assert down.answers_of(connection, "S001", Kind.VERB)[0].detail == {"kib": 5}


def test_what_a_later_release_took_does_not_keep_this_one_from_starting(store: Store) -> None:
    insert = (
        "INSERT INTO document(kind, version, body, sha256, signature, effective_ms, received_ms)"
        " VALUES(?, 1001, ?, '', 's', 0, 0)"
    )
    for kind, body in (("verb", '{"verb":"fly"}'), ("stop_sale", "new = 1"), ("catalogue", "= =")):
        values = (kind, body)
        store.shop.writer.run(lambda unit, values=values: unit.connection.execute(insert, values).rowcount)  # type: ignore[misc]
    force = "INSERT INTO counter(name, value) VALUES('directive-in-force:' || ?, 1001)"
    for kind in ("stop_sale", "catalogue"):
        store.shop.writer.run(lambda unit, kind=kind: unit.connection.execute(force, (kind,)).rowcount)  # type: ignore[misc]
    restarted = Directives(store.shop, lambda: None)
    restarted.load()
    assert restarted.next_order() is None
    assert [(one.kind, one.outcome) for one in restarted.answers()] == [(Kind.VERB, Outcome.REFUSED)]
    assert apply(store.shop.writer, store.shop.writer.path.parent).versions["catalogue"] == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"verb": "shell"},
        {"arguments": {"printer": "receipt1; rm -rf /"}},
        {"arguments": {"command": "x"}},
        {"reason": ""},
        {"asked_by": "x" * 81},
        {"expires_at_ms": AT_MS},
        {"expires_at_ms": AT_MS + 8 * 24 * 3600 * 1000},
        {"extra": 1},
    ],
)
def test_a_verb_is_one_of_a_closed_list_with_reason_and_end(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"verb\."):
        order_of(canonical({**_order(Verb.PRINT_TEST_SLIP).body(), **changed}))


def test_an_urgent_one_is_there_while_the_box_waits(store: Store) -> None:
    fetcher = store.new_fetcher(wait_s=15)
    thread = threading.Thread(target=fetcher.step)
    thread.start()
    waiting = store.hq.office
    began_s = time.monotonic()
    version = store.put(Kind.STOP_SALE, 'all = true\nreason = "召回"\n')
    # the put is as of now, or the look-out would take it for an old one
    with waiting.database.write() as connection:
        connection.execute(update(directive).values(made_at_ms=waiting.now_ms()))
    thread.join(12)
    assert not thread.is_alive()
    assert time.monotonic() - began_s < 10
    assert store.shop.stop_sale.everything
    assert store.outcome(Kind.STOP_SALE, version) == Outcome.APPLIED


def test_a_stranger_gets_nothing_and_answers_for_nobody(store: Store) -> None:
    target = "/v1/boxes/B1/directives?have=catalogue:0&wait=0"
    stranger: FileKey = new_key()
    signature = stranger.sign(request_message(BOX, "GET", target, b""))
    headers = {SIGNATURE_HEADER: request_header(BOX, signature)}
    assert requests.get(store.hq.url + target, headers=headers, timeout=5).status_code in (401, 403)
    body = b'{"answers":[]}'
    signature = stranger.sign(request_message(BOX, "POST", "/v1/boxes/B1/directives/answers", body))
    headers = {SIGNATURE_HEADER: request_header(BOX, signature)}
    answer = requests.post(f"{store.hq.url}/v1/boxes/B1/directives/answers", data=body, headers=headers, timeout=5)
    assert answer.status_code in (401, 403)
