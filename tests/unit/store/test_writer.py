"""The writer's contract: atomic commands, group commit, stored answers, clock and seals."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Broken, Refused, TryLater
from agent.store.connection import open_reader, open_writer
from agent.store.journal import enrol, entries, entry, epochs, last_seq
from agent.store.unit import Unit
from agent.store.verify import verify
from agent.store.writer import Writer
from tests.unit.store.support import START_MS, VIEWS, WHOSE, FakeClock, KeySigner, enrolled, noted, summed, writer_on


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return enrolled(tmp_path, key=KeySigner())


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = writer_on(path)
    yield writer
    writer.close()


def held(writer: Writer) -> tuple[threading.Event, threading.Event]:
    """Keep the writer busy with a command, so that what is submitted meanwhile becomes one batch."""
    inside, go = threading.Event(), threading.Event()

    def wait(unit: Unit) -> None:
        inside.set()
        go.wait(5)

    writer.submit(wait)
    inside.wait(5)
    return inside, go


def test_an_entry_and_its_view_are_there_when_the_answer_is(path: Path, writer: Writer) -> None:
    assert writer.run(summed("tea", 500)) == 2
    reader = open_reader(path)
    assert reader.execute("SELECT * FROM view_sum").fetchall() == [("tea", 1, 500)]
    assert entry(reader, WHOSE.epoch, 2).body == '{"amount_fen":500,"name":"tea"}'  # type: ignore[union-attr]
    assert reader.execute("SELECT epoch, seq FROM view_position").fetchall() == [(WHOSE.epoch, 2)]
    reader.close()


def test_a_refused_command_leaves_nothing_and_the_others_of_its_batch_go_on(path: Path, writer: Writer) -> None:
    def refused(unit: Unit) -> None:
        unit.append("test.noted", {"note": "never"})
        unit.counter("sale")
        raise Refused("sale.too_late")

    _, go = held(writer)
    futures = [writer.submit(summed("a", 1)), writer.submit(refused), writer.submit(summed("a", 2))]
    go.set()
    assert futures[0].result(5) == 2
    with pytest.raises(Refused, match=r"sale\.too_late"):
        futures[1].result(5)
    assert futures[2].result(5) == 3
    with pytest.raises(Refused):
        writer.run(refused)
    assert writer.run(summed("a", 3)) == 4
    writer.close()
    reader = open_reader(path)
    assert [one.kind for one in entries(reader, WHOSE.epoch, 2)] == ["test.summed"] * 3
    assert reader.execute("SELECT count(*) FROM counter").fetchone() == (0,)
    reader.close()
    assert verify(path, VIEWS).ok


def test_what_waits_is_committed_together(path: Path) -> None:
    statements: list[str] = []

    def traced(path: Path) -> Any:
        connection = open_writer(path)
        connection.set_trace_callback(statements.append)
        return connection

    writer = writer_on(path, connect=traced)
    _, go = held(writer)
    before = statements.count("COMMIT")
    futures = [writer.submit(summed("a", 1)) for _ in range(20)]
    go.set()
    assert [future.result(5) for future in futures] == list(range(2, 22))
    assert statements.count("COMMIT") == before + 2
    writer.close()


def test_the_same_key_again_gives_the_stored_answer_without_running(writer: Writer) -> None:
    assert writer.run(noted("once"), key="k", fingerprint="f") == 2
    assert writer.run(noted("once"), key="k", fingerprint="f") == 2
    assert writer.last_seq == 2
    with pytest.raises(Refused, match=r"idempotency\.key_reused"):
        writer.run(noted("other"), key="k", fingerprint="g")


def test_a_refusal_is_not_kept_under_its_key(writer: Writer) -> None:
    def refused(unit: Unit) -> None:
        raise Refused("sale.too_late")

    with pytest.raises(Refused):
        writer.run(refused, key="k", fingerprint="f")
    assert writer.run(noted("now"), key="k", fingerprint="f") == 2


def test_two_of_one_key_in_one_batch_run_once(writer: Writer) -> None:
    _, go = held(writer)
    first, second = (writer.submit(noted("once"), key="k", fingerprint="f") for _ in range(2))
    go.set()
    assert (first.result(5), second.result(5)) == (2, 2)
    assert writer.last_seq == 2


def test_an_answer_that_is_no_json_undoes_the_command(writer: Writer) -> None:
    with pytest.raises(TypeError):
        writer.run(lambda unit: {unit.append("test.noted", {"note": "x"})}, key="k")
    assert writer.last_seq == 1


def test_a_command_that_swallows_a_failed_append_is_undone(writer: Writer) -> None:
    def swallows(unit: Unit) -> None:
        unit.append("test.noted", {"note": "first"})
        try:
            unit.append("test.noted", {"note": 0.5})
        except Broken:
            return

    with pytest.raises(Broken, match=r"store\.unit_spoiled"):
        writer.run(swallows)
    assert writer.last_seq == 1


def test_hooks_run_after_commit_only_and_a_failing_one_changes_nothing(path: Path, writer: Writer) -> None:
    seen: list[int] = []

    def look() -> None:
        reader = open_reader(path)
        seen.append(last_seq(reader, WHOSE.epoch))
        reader.close()
        raise RuntimeError("a hook's own defect")

    def command(unit: Unit) -> int:
        unit.after_commit(look)
        return unit.append("test.noted", {"note": "x"})

    def refused(unit: Unit) -> None:
        unit.after_commit(look)
        raise Refused("sale.too_late")

    assert writer.run(command) == 2
    with pytest.raises(Refused):
        writer.run(refused)
    assert seen == [2]


def test_counters_count(writer: Writer) -> None:
    assert [writer.run(lambda unit: unit.counter("sale")) for _ in range(3)] == [1, 2, 3]


def test_a_malformed_kind_is_our_defect(writer: Writer) -> None:
    with pytest.raises(Broken, match=r"journal\.kind_malformed"):
        writer.run(lambda unit: unit.append("Sale", {}))


def test_a_clock_step_is_written_before_what_follows(path: Path) -> None:
    clock = FakeClock()
    writer = writer_on(path, clock)
    clock.pass_ms(60_000)
    writer.run(noted("drift is no step"))
    clock.wall_ms -= 3_600_000
    writer.run(noted("an hour back"))
    writer.run(noted("no second time"))
    writer.close()
    reader = open_reader(path)
    found = entries(reader, WHOSE.epoch, 2)
    assert [one.kind for one in found] == ["test.noted", "clock.jumped", "test.noted", "test.noted"]
    assert found[1].body == f'{{"from_ms":{START_MS + 60_000},"to_ms":{START_MS - 3_540_000}}}'
    reader.close()


def test_a_clock_step_is_not_lost_with_a_refused_command(path: Path) -> None:
    def refused(unit: Unit) -> None:
        raise Refused("sale.too_late")

    clock = FakeClock()
    writer = writer_on(path, clock)
    clock.wall_ms += 10_000
    with pytest.raises(Refused):
        writer.run(refused)
    assert writer.last_seq == 2
    writer.close()


def test_a_clock_that_went_back_while_off_is_written(path: Path) -> None:
    writer = writer_on(path, FakeClock(START_MS - 86_400_000))
    writer.run(noted("yesterday"))
    assert writer.last_seq == 3
    writer.close()


def test_seals_come_on_request_and_by_count(path: Path) -> None:
    writer = writer_on(path, signer=KeySigner(), seal_every=5)
    assert writer.seal() == 2
    assert writer.seal() is None
    for _ in range(7):
        writer.run(noted("x"))
    writer.close()
    report = verify(path, VIEWS)
    assert (report.ok, report.seals, report.unsealed_since.seq) == (True, 2, 9)  # type: ignore[union-attr]


def test_without_a_key_trade_goes_on_unsealed(path: Path) -> None:
    writer = writer_on(path)
    writer.run(noted("x"))
    assert writer.seal() is None
    writer.close()
    report = verify(path, VIEWS)
    assert report.ok
    assert report.unsealed_since is not None
    assert report.unsealed_since.seq == 1


def test_a_quiet_box_seals_once(path: Path) -> None:
    clock = FakeClock()
    writer = writer_on(path, clock, signer=KeySigner())

    def acknowledged(unit: Unit) -> None:
        unit.connection.execute(
            "INSERT INTO receipt(epoch, next_seq, head, at_ms, received_ms, body) VALUES(?, ?, ?, 0, ?, '{}')",
            (WHOSE.epoch, unit.tip.seq + 1, unit.tip.head.hex(), unit.now_ms),
        )

    writer.run(noted("x"))
    assert writer.seal_if_idle() is None
    writer.run(acknowledged)
    assert writer.seal_if_idle() is None
    clock.pass_ms(600_000)
    assert writer.seal_if_idle() == 3
    writer.run(acknowledged)
    clock.pass_ms(600_000)
    assert writer.seal_if_idle() is None
    writer.close()


def test_a_stopped_epoch_stays_stopped(path: Path, writer: Writer) -> None:
    writer.stop_epoch("HQ has entry 900")
    writer.close()
    again = writer_on(path)
    assert again.stopped == "HQ has entry 900"
    with pytest.raises(Refused, match=r"journal\.epoch_stopped"):
        again.run(noted("x"))
    assert again.run(lambda unit: unit.counter("other work goes on")) == 1
    again.close()


def test_a_closed_writer_says_so(writer: Writer) -> None:
    writer.close()
    with pytest.raises(TryLater, match=r"store\.closed"):
        writer.run(noted("x"))
    writer.close()


def test_a_hook_that_waits_for_the_writer_is_told(writer: Writer) -> None:
    raised: list[str] = []

    def wait() -> None:
        try:
            writer.run(noted("x"))
        except Broken as error:
            raised.append(error.code)

    writer.run(lambda unit: unit.after_commit(wait))
    assert raised == ["store.writer_waits_for_itself"]


def test_sixteen_threads_lose_no_update(path: Path, writer: Writer) -> None:
    def count() -> None:
        for _ in range(25):
            writer.run(lambda unit: unit.append("test.summed", {"name": "n", "amount_fen": unit.counter("n")}))

    threads = [threading.Thread(target=count) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    reader = open_reader(path)
    assert reader.execute("SELECT * FROM view_sum").fetchall() == [("n", 400, 400 * 401 // 2)]
    reader.close()
    assert verify(path, VIEWS).ok


def test_two_deciders_do_not_both_win(writer: Writer) -> None:
    def refund_once(unit: Unit) -> int:
        if unit.connection.execute("SELECT 1 FROM view_sum WHERE name = 'refund'").fetchone():
            raise Refused("refund.already_done")
        return unit.append("test.summed", {"name": "refund", "amount_fen": 100})

    _, go = held(writer)
    futures = [writer.submit(refund_once) for _ in range(10)]
    go.set()
    assert sum(future.exception(5) is None for future in futures) == 1


def test_an_enrolled_store_is_not_enrolled_again(path: Path) -> None:
    with pytest.raises(Refused, match=r"store\.already_enrolled"):
        enrol(path, WHOSE, views=VIEWS, at_ms=START_MS)


def test_a_store_without_identity_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"store\.missing"):
        writer_on(tmp_path / "journal.db")


def test_the_first_entry_says_who_began(path: Path) -> None:
    reader = open_reader(path)
    first = entry(reader, WHOSE.epoch, 1)
    assert first is not None
    assert first.kind == "box.enrolled"
    assert KeySigner().public_key.hex() in first.body
    assert epochs(reader) == [WHOSE.epoch]
    reader.close()
