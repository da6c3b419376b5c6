"""Looking a payment up over headquarters: another store's is found, and nothing but the least is told, signed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from agent.core.canonical import canonical, canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Refused, TryLater
from agent.core.lookup import Money, Question
from sync.headquarters import HqClient
from sync.hq import migrations, registry
from sync.hq.database import DATABASE_FILE
from sync.hq.keys import HqKeys
from sync.hq.limits import RateLimit
from sync.keylist import KeyRing, key_list_message
from sync.keys import FileKey
from sync.lookups import HqLookups
from sync.session import HttpSession
from tests.unit.sync.fakes import AT_MS, FakeJournal, RunningHq, SeededEntropy, new_key, running_hq
from tests.uplinks import Box

ASKING = Identity("S001", "B1", 1)
ORDER = "S002_1_000007_A1K7QF"
TRANSACTION = "4200002345202610031234567890"


def trade(attempt: str, sale: str, amount_fen: int) -> dict[str, object]:
    return {
        "attempt": attempt,
        "sale": sale,
        "till": "2",
        "shift": "1",
        "staff": "07",
        "day": "2026-10-03",
        "platform": "wechat",
        "merchant": "M1",
        "amount_fen": amount_fen,
        "code_tail": "1234",
    }


def fill(journal: FakeJournal) -> None:
    journal.add("attempt.started", trade(ORDER, "S002-1-000007", 3_600))
    ended = {
        "outcome": "paid",
        "transaction": TRANSACTION,
        "platform_at_ms": AT_MS,
        "payer": "oUpF8uMuAJO_M2pxb1Q9zNjW",
    }
    journal.add("attempt.ended", {**trade(ORDER, "S002-1-000007", 3_600), **ended})
    journal.add("attempt.started", trade("S002_1_000008_A1AAAA", "S002-1-000008", 500))
    journal.add("attempt.started", trade("S002_1_000009_A1AAAA", "S002-1-000009", 700))
    journal.add("attempt.ended", {**trade("S002_1_000009_A1AAAA", "S002-1-000009", 700), "outcome": "declined"})


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq") as running:
        with running.office.database.write() as connection:
            registry.add_store(connection, "S002", "万达店", AT_MS, "0731-2")
        next_door = FakeJournal(Identity("S002", "B1", 1), new_key())
        running.register(next_door)
        fill(next_door)
        Box(running, next_door).run()
        yield running


@pytest.fixture
def asking(hq: RunningHq) -> FakeJournal:
    journal = FakeJournal(ASKING, new_key())
    hq.register(journal)
    return journal


class Asker(HqLookups):
    def __init__(self, hq: RunningHq, journal: FakeJournal, keys: KeyRing | None = None, url: str = "") -> None:
        self.client = HqClient(HttpSession(url or hq.url), journal.key)
        self.kept: list[Mapping[str, object]] = []
        ring = keys or KeyRing(hq.office.keys.root_public_key, hq.office.keys.key_list)
        super().__init__(journal.identity, self.client, ring, SeededEntropy(), self.kept.append)


def test_another_stores_payment_is_found_by_each_of_its_numbers(hq: RunningHq, asking: FakeJournal) -> None:
    asker = Asker(hq, asking)
    for number in (ORDER, TRANSACTION, "S002-1-000007"):
        report = asker.ask(Question("S001", number))
        (payment,) = report.payments
        assert (report.code, payment.store, payment.name, payment.phone) == (None, "S002", "万达店", "0731-2"), number
        assert (payment.sale, payment.amount_fen, payment.money, payment.till) == (
            "S002-1-000007",
            3_600,
            Money.PAID,
            "2",
        )


def test_every_database_answers_alike(tmp_path: Path, database_url: str | None) -> None:
    with running_hq(tmp_path / "hq", database_url) as hq:
        with hq.office.database.write() as connection:
            registry.add_store(connection, "S002", "", AT_MS)
            registry.change_store(connection, "S002", "万达店", "0731-2")
        here, there = FakeJournal(ASKING, new_key()), FakeJournal(Identity("S002", "B1", 1), new_key())
        hq.register(here)
        hq.register(there)
        fill(there)
        back = {**trade(ORDER, "S002-1-000007", 3_600), "out_refund_no": "S002_1_000007_R1AAAA"}
        there.add("refund.started", back)
        Box(hq, there).run()
        asker = Asker(hq, here)
        for number in (ORDER, TRANSACTION, "S002-1-000007", "S002_1_000007_R1AAAA"):
            (payment,) = asker.ask(Question("S001", number)).payments
            assert (payment.name, payment.phone, payment.money) == ("万达店", "0731-2", Money.REFUNDED), number
        terms = Question("S001", amount_fen=500, paid_at_ms=payment.at_ms, within_ms=3_600_000)
        assert [one.sale for one in asker.ask(terms).payments] == ["S002-1-000008"]


def test_what_is_open_or_declined_there_says_so(hq: RunningHq, asking: FakeJournal) -> None:
    asker = Asker(hq, asking)
    moneys = [asker.ask(Question("S001", f"S002_1_00000{count}_A1AAAA")).payments[0].money for count in (8, 9)]
    assert moneys == [Money.OPEN, Money.NOT_CHARGED]


def test_a_number_that_headquarters_do_not_have_names_its_store(hq: RunningHq, asking: FakeJournal) -> None:
    report = Asker(hq, asking).ask(Question("S001", "S002_1_000099_A1AAAA"))
    assert report.payments == () and report.named is not None
    assert (report.named.name, report.named.phone) == ("万达店", "0731-2")
    assert Asker(hq, asking).ask(Question("S001", "S009_1_000099_A1AAAA")).named is None


def test_amount_and_time_find_what_lies_around(hq: RunningHq, asking: FakeJournal) -> None:
    asker = Asker(hq, asking)
    started_ms = asker.ask(Question("S001", ORDER)).payments[0].at_ms or 0
    near = Question("S001", amount_fen=3_600, paid_at_ms=started_ms + 500_000, within_ms=600_000)
    assert [one.sale for one in asker.ask(near).payments] == ["S002-1-000007"]
    for other in (replace(near, amount_fen=3_601), replace(near, within_ms=499_000)):
        assert asker.ask(other).payments == ()


def test_a_refund_shows_and_its_own_numbers_find_the_payment(hq: RunningHq, asking: FakeJournal) -> None:
    journal = FakeJournal(Identity("S003", "B1", 1), new_key())
    hq.register(journal)
    attempt, refund = "S003_1_000001_A1AAAA", "S003_1_000001_R1AAAA"
    journal.add("attempt.started", trade(attempt, "S003-1-000001", 900))
    journal.add("attempt.ended", {**trade(attempt, "S003-1-000001", 900), "outcome": "paid", "transaction": "42"})
    back = {**trade(attempt, "S003-1-000001", 400), "out_refund_no": refund}
    journal.add("refund.started", back)
    journal.add("refund.ended", {**back, "outcome": "done", "refund_transaction": "50300002345202610031234567890"})
    Box(hq, journal).run()
    asker = Asker(hq, asking)
    for number in (refund, "50300002345202610031234567890"):
        (payment,) = asker.ask(Question("S001", number)).payments
        assert (payment.attempt, payment.money, payment.refunded_fen) == (attempt, Money.PAID, 400)
    second = {**trade(attempt, "S003-1-000001", 500), "out_refund_no": "S003_1_000001_R2AAAA"}
    journal.add("refund.started", second)
    Box(hq, journal).run()
    assert asker.ask(Question("S001", attempt)).payments[0].money is Money.REFUNDED


def test_nothing_of_the_customer_and_no_number_of_a_platform_is_told(hq: RunningHq, asking: FakeJournal) -> None:
    body = canonical_bytes({"nonce": "0" * 32, "number": ORDER})
    answer = Asker(hq, asking).client.look_up(ASKING, body)
    (fact,) = answer["found"]  # type: ignore[misc]
    assert set(fact) == {
        "store",
        "name",
        "phone",
        "sale",
        "attempt",
        "platform",
        "till",
        "amount_fen",
        "at_ms",
        "refunded_fen",
        "money",
    }
    told = canonical_bytes(answer).decode()
    assert not [word for word in ("oUpF8uMu", TRANSACTION, "1234", '"07"') if word in told]


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"nonce": "", "number": "%"},
        {"nonce": "", "number": "S002_1_000007_A1K7QF' OR 1=1"},
        {"nonce": "", "number": "9" * 65},
        {"nonce": "", "number": None},
        {"nonce": "", "number": ORDER, "store": "S002"},
        {"nonce": "", "amount_fen": 0, "paid_at_ms": 0, "within_ms": 1},
        {"nonce": "", "amount_fen": True, "paid_at_ms": 0, "within_ms": 1},
        {"nonce": "", "amount_fen": 1, "paid_at_ms": -1, "within_ms": 1},
        {"nonce": "", "amount_fen": 1, "paid_at_ms": 0, "within_ms": 3_600_001},
        {"nonce": "", "amount_fen": 1, "paid_at_ms": 0},
    ],
)
def test_what_is_no_question_is_refused(hq: RunningHq, asking: FakeJournal, question: Mapping[str, object]) -> None:
    with pytest.raises(Refused, match=r"request\.malformed"):
        Asker(hq, asking).client.look_up(ASKING, canonical_bytes(question))


def test_a_box_that_asks_too_often_is_told_to_wait(tmp_path: Path, hq: RunningHq, asking: FakeJournal) -> None:
    for _ in range(20):
        Asker(hq, asking).ask(Question("S001", ORDER))
    assert Asker(hq, asking).ask(Question("S001", ORDER)).code == "box.too_many_requests"
    with pytest.raises(TryLater, match=r"box\.too_many_requests"):
        Asker(hq, asking).client.look_up(ASKING, canonical_bytes({"nonce": "", "number": ORDER}))
    assert isinstance(hq.office.rate, RateLimit)


def test_strangers_get_nothing_and_silence_is_a_code(hq: RunningHq, asking: FakeJournal) -> None:
    stranger = FakeJournal(ASKING, new_key())
    assert Asker(hq, stranger).ask(Question("S001", ORDER)).code == "request.wrong_signature"
    assert Asker(hq, asking, url="http://127.0.0.1:1").ask(Question("S001", ORDER)).code == "network.unreachable"


def test_only_a_signed_answer_to_this_very_question_is_believed(hq: RunningHq, asking: FakeJournal) -> None:
    asker = Asker(hq, asking)
    honest = asker.client.look_up
    other = canonical_bytes({"nonce": "1" * 32, "number": "S002_1_000008_A1AAAA"})

    def of_another_question(sender: Identity, body: bytes) -> Mapping[str, object]:
        return honest(sender, other)

    def altered(sender: Identity, body: bytes) -> Mapping[str, object]:
        return {**honest(sender, body), "found": []}

    for bad, code in ((of_another_question, "hq.answer_of_another"), (altered, "hq.answer_not_signed")):
        asker.client.look_up = bad  # type: ignore[method-assign]
        report = asker.ask(Question("S001", ORDER))
        assert (report.code, report.payments) == (code, ())


def old_list(state: Path) -> dict[str, object]:
    """Write the key list as the release before wrote it: without a key for look-ups."""
    keys = HqKeys.load_or_create(state)
    root = FileKey.load(state / "keys" / "root.key")
    rows = [row for row in keys.key_list["keys"] if row["kid"] == "receipt-1"]  # type: ignore[attr-defined]
    document: dict[str, object] = {"version": 1, "keys": rows}
    signed = {**document, "signature": root.sign(key_list_message(document)).hex()}
    (state / "keys" / "key-list.json").write_bytes(canonical_bytes(signed))
    return signed


def test_an_older_headquarters_gives_itself_the_key_and_boxes_take_the_new_list(tmp_path: Path) -> None:
    state = tmp_path / "old"
    document = old_list(state)
    with running_hq(state) as hq:
        journal = FakeJournal(ASKING, new_key())
        hq.register(journal)
        asker = Asker(hq, journal, KeyRing(hq.office.keys.root_public_key, document))
        assert asker.ask(Question("S001", TRANSACTION)).reached
        assert [kept["version"] for kept in asker.kept] == [hq.office.keys.key_list["version"]]


def test_headquarters_whose_root_is_elsewhere_keep_their_list(tmp_path: Path) -> None:
    """Nobody here may sign another; the box says that the answer is not signed, and looks no further."""
    state = tmp_path / "rootless"
    document = old_list(state)
    (state / "keys" / "root.key").unlink()
    with running_hq(state) as hq:
        assert parse((state / "keys" / "key-list.json").read_bytes()) == document
        journal = FakeJournal(ASKING, new_key())
        hq.register(journal)
        assert Asker(hq, journal).ask(Question("S001", TRANSACTION)).code == "hq.answer_not_signed"


def first_release(state: Path) -> None:
    """Make headquarters' database as the first release left it, with entries of an attempt and a refund."""
    state.mkdir()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{state / DATABASE_FILE}", module=pysqlite3.dbapi2)
    bodies = [
        ("attempt.started", {**trade(ORDER, "S002-1-000007", 3_600)}),
        ("attempt.started", {**trade("S002_1_000008_A1AAAA", "S002-1-000008", 500), "amount_fen": "much", "till": 2}),
        ("refund.started", {**trade(ORDER, "S002-1-000007", 3_600), "out_refund_no": "S002_1_000007_R1AAAA"}),
    ]
    texts = [*((kind, canonical(body)) for kind, body in bodies), ("attempt.started", "no body at all")]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for seq, (kind, text) in enumerate(texts, 2):
            insert = "INSERT INTO entry VALUES('S002', 1, ?, ?, ?, '2026-10-03', ?, '', 0)"
            connection.exec_driver_sql(insert, (seq, AT_MS, kind, text))
        orders = "INSERT INTO platform_order(store, attempt, outcome) VALUES('S002', ?, 'paid')"
        connection.exec_driver_sql(orders, (ORDER,))
        connection.exec_driver_sql(orders, ("S002_1_000008_A1AAAA",))
        refunds = "INSERT INTO platform_refund(store, out_refund_no, attempt) VALUES('S002', 'S002_1_000007_R1AAAA', ?)"
        connection.exec_driver_sql(refunds, (ORDER,))
    engine.dispose()


def test_what_was_sent_before_the_upgrade_is_found_after_it(tmp_path: Path) -> None:
    """The columns are new, the entries are old: they are read once more, and what can't be read stays as it was."""
    first_release(tmp_path / "hq")
    with running_hq(tmp_path / "hq") as upgraded:
        journal = FakeJournal(ASKING, new_key())
        upgraded.register(journal)
        asker = Asker(upgraded, journal)
        (payment,) = asker.ask(Question("S001", ORDER)).payments
        assert (payment.amount_fen, payment.at_ms, payment.till) == (3_600, AT_MS, "2")
        assert (payment.money, payment.refunded_fen) == (Money.REFUNDED, 3_600)
        (unreadable,) = asker.ask(Question("S001", "S002_1_000008_A1AAAA")).payments
        assert (unreadable.amount_fen, unreadable.till) == (0, None)
