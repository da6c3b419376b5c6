"""A sealed spare in a dead box's place: two scans, with a line and without; what it may not follow it refuses."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import Broken, Credentials, Refused, TryLater
from agent.core.setup_codes import packet_code
from agent.daemon.box import begin_journal
from agent.rescue.restore import how_far_in
from agent.rescue.warm_copy import WarmCopy
from agent.rescue.worker import RescueWorker
from agent.services.refunds import sale_body
from agent.services.reports import net_sales_ever
from agent.settings import Settings
from agent.setup.destination import Destination, destination_of
from agent.setup.spare import FILE, known_headquarters, load_spare, prepare
from agent.setup.stick import Carried, carry_in
from agent.store import views
from agent.store.connection import open_reader
from agent.store.verify import verify
from sync.enrol import device_key, load_enrolment
from sync.grant import enrol_from_packet, make_known
from sync.headquarters import HqClient
from sync.hq.commissioning.codes import enrolment_text
from sync.hq.commissioning.offline_packets import make_packet
from sync.hq.commissioning.tokens import make_token
from sync.hq.registry import TokenMode
from sync.session import HttpSession
from tests.integration.running import TillPage, storebox, wait_for
from tests.integration.test_run import free_port
from tests.integration.test_setup import ring_up, scan_slips_until_it_trades
from tests.rescued import STORE, Stage, sound
from tests.setup_stage import Bench, copy_catalogue
from tests.shops import CountingEntropy
from tests.unit.sync.fakes import running_hq

NOW_MS = 1_795_000_000_000


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


def prepared(stage: Stage, state: Path, *stores: str) -> None:
    """Make a blank box a spare of this headquarters."""
    root = stage.hq.office.keys.fingerprint
    prepare(Settings(state=state), Destination(stage.hq.url, "", "", root), bytes(16), NOW_MS, stores)


def replacing(stage: Stage, store: str = STORE) -> str:
    """Return the code of replacement that headquarters' page would show."""
    office = stage.hq.office
    with office.database.write() as connection:
        made = make_token(connection, store, "小刘", office.now_ms(), mode=TokenMode.REPLACE, reason="water")
    return enrolment_text(made, office.keys.fingerprint, stage.hq.url.removeprefix("http://"), plain=True)


def dead(stage: Stage) -> Path:
    """Return the folder of a box that died: a whole day is at headquarters, two sales of the next are not."""
    old = stage.enrolled("old")
    with stage.opened(old) as box:
        stage.sell(box, 5)
        stage.close(box)
        stage.drain(box)
        stage.clock.advance(86_400)
        stage.sell(box, 2)
        copies = stage.folder / "copies"
        copies.mkdir()
        WarmCopy(box.readers, old, copies, lambda kind, data: None, same_disk_allowed=True).step()
    return old


def fenced_by(stage: Stage, state: Path) -> int | None:
    """Return the epoch in whose favour headquarters has fenced a box."""
    enrolment = load_enrolment(state)
    assert enrolment is not None
    client = HqClient(HttpSession(stage.hq.url), device_key(state, enrolment))
    return client.beat(enrolment.identity, {}).receipt.replaced_by


def is_whole(state: Path) -> bool:
    connection = open_reader(state / "journal.db")
    try:
        begun = connection.execute("SELECT count(*) FROM past").fetchone()[0] > 0
        return begun and how_far_in(connection).complete
    finally:
        connection.close()


def late_entries(stage: Stage) -> list[tuple[object, ...]]:
    return stage.hq.rows("SELECT sum(last_seq - first_seq + 1) FROM late_run WHERE epoch = 1")


def everything_arrives(stage: Stage, bench: Bench, unsent: int) -> None:
    """Wait until the history is whole here, and headquarters has what the dead box never sent and the new one sold."""
    wait_for(lambda: is_whole(bench.state), 60.0)
    wait_for(lambda: late_entries(stage) == [(unsent,)], 60.0)
    sold = "SELECT count(*) FROM entry WHERE epoch = 2 AND kind = 'sale.completed'"
    wait_for(lambda: stage.hq.rows(sold) == [(1,)], 60.0)


def unsent_of(stage: Stage, old: Path) -> int:
    connection = open_reader(old / "journal.db")
    try:
        last = int(connection.execute("SELECT max(seq) FROM journal").fetchone()[0])
    finally:
        connection.close()
    ((next_seq,),) = stage.hq.rows("SELECT next_seq FROM cursor WHERE epoch = 1")
    return last - int(str(next_seq)) + 1


def sells(bench: Bench) -> None:
    assert bench.box is not None
    assert bench.box.line().startswith("storebox ready at")
    page = TillPage(bench.url)
    assert wait_for(lambda: page.get("/health")["status"] != "setup")
    ring_up(bench, page)


def test_two_scans_put_a_spare_in_a_dead_boxs_place(stage: Stage, tmp_path: Path) -> None:
    old = dead(stage)
    unsent = unsent_of(stage, old)
    disk = tmp_path / "disk/var/lib/storebox"
    disk.parent.mkdir(parents=True)
    shutil.copytree(old, disk)
    with Bench(tmp_path / "spare") as bench:
        copy_catalogue(bench.state)
        prepared(stage, bench.state, STORE)
        bench.start(free_port())
        assert stage.hq.url in bench.slip_with("备用盒子").replace("\n", "")
        assert carry_in(tmp_path / "disk", bench.state) == Carried(records=1)
        assert fenced_by(stage, old) is None
        bench.scan(replacing(stage))  # the first scan
        slip = bench.slip_with("接替旧盒子")
        assert "收银要用的都到了" in slip and "U 盘上有旧盒子的账" in slip
        assert fenced_by(stage, old) == 2, "the dead box can come back to life, but not to sell"
        bench.scan(bench.test_code())  # the second
        sells(bench)
        everything_arrives(stage, bench, unsent)
        assert bench.box is not None
        bench.box.end()
        bench.box = None
        sound(bench.state)


@pytest.mark.torture
def test_without_a_line_a_stick_puts_it_there(stage: Stage, tmp_path: Path) -> None:
    old = dead(stage)
    unsent, office, stick = unsent_of(stage, old), stage.hq.office, tmp_path / "copies"
    with office.database.write() as connection:
        made = make_packet(
            connection, office.keys, STORE, "小刘", office.now_ms(), hq_url=stage.hq.url, reason="water", box="B2"
        )
    (stick / "packet.bin").write_bytes(made.data)
    with Bench(tmp_path / "spare") as bench:
        copy_catalogue(bench.state)
        prepared(stage, bench.state, STORE)
        stage.hq.stop()
        bench.start(free_port())
        bench.slip_with("备用盒子")
        assert carry_in(stick, bench.state) == Carried(packets=1, records=1)
        bench.slip_with("找到 U 盘")
        bench.scan(packet_code(made.code))
        assert "没网也马上能卖" in bench.slip_with("接替旧盒子")
        bench.cut_power()
        bench.start(free_port())
        scan_slips_until_it_trades(bench)
        sells(bench)
        assert not is_whole(bench.state)
        stage.hq.start()
        everything_arrives(stage, bench, unsent)
        assert fenced_by(stage, old) == 2
        assert bench.box is not None
        bench.box.end()
        bench.box = None
        sound(bench.state)


def test_before_headquarters_is_reached_older_records_are_on_their_way_and_not_unknown(
    stage: Stage, tmp_path: Path
) -> None:
    dead(stage)
    office, state = stage.hq.office, tmp_path / "spare"
    with office.database.write() as connection:
        made = make_packet(connection, office.keys, STORE, "小刘", office.now_ms(), hq_url=stage.hq.url, reason="water")
    copy = enrol_from_packet(state, made.data, made.code, office.now_ms())
    begin_journal(state, copy, stage.clock)
    stage.hq.stop()
    with stage.opened(state) as box:
        worker = RescueWorker(box, stage.clock, CountingEntropy(), lambda kind, data: None)
        worker.start()
        worker.stop()
        with pytest.raises(TryLater, match=r"restore\.history_behind"):
            sale_body(box.shop.read(), "S001-1-000001")
        assert net_sales_ever(box.shop.read()) is None, "no grand total is better than a wrong one"
        assert verify(state / "journal.db", views).ok
        stage.hq.start()
        session = HttpSession(stage.hq.url)
        make_known(session, state, copy, device_key(state, copy))
        session.close()
        again = RescueWorker(box, stage.clock, CountingEntropy(), lambda kind, data: None)
        for _ in range(10):
            if again.step() > 0:
                break
        assert sale_body(box.shop.read(), "S001-1-000001")["sale"] == "S001-1-000001"
        assert net_sales_ever(box.shop.read()) is not None
    sound(state)


def test_a_spare_follows_its_headquarters_and_its_stores_only(stage: Stage, tmp_path: Path) -> None:
    state = tmp_path / "spare"
    settings = Settings(state=state)
    root = stage.hq.office.keys.fingerprint
    where = ("--hq", stage.hq.url, "--root", root, "--stores", "S003, S002,S003", "--state", str(state))
    done = storebox("spare", "prepare", *where)
    assert (done.returncode, root in done.stdout) == (0, True), done.stderr
    known = known_headquarters(settings)
    assert (known.url, known.root, known.stores) == (
        stage.hq.url,
        root,
        ("S002", "S003"),
    )
    assert destination_of("S003 7K2M-9QXD", known).url == stage.hq.url
    with pytest.raises(Refused, match=r"setup\.other_store"):
        destination_of("S001 7K2M-9QXD", known)
    with pytest.raises(Credentials, match=r"setup\.other_headquarters"):
        destination_of(f"S002 7K2M-9QXD https://evil.example {'00' * 16}", known)
    with pytest.raises(Refused, match=r"setup\.other_store"):
        destination_of(replacing(stage), known)
    status = storebox("spare", "status", "--state", str(state))
    assert (status.returncode, "stores S002, S003" in status.stdout) == (0, True)
    (state / FILE).write_text('{"hq_url": "https://evil.example"}')
    with pytest.raises(Broken, match=r"spare\.damaged"):
        known_headquarters(settings)


def test_only_a_blank_box_becomes_a_spare_and_only_of_a_headquarters_that_proves_itself(
    stage: Stage, tmp_path: Path
) -> None:
    old = stage.enrolled("old")
    with pytest.raises(Refused, match=r"spare\.has_store"):
        prepared(stage, old)
    blank = Settings(state=tmp_path / "blank")
    with pytest.raises(Credentials, match=r"enrol\.other_root"):
        prepare(blank, Destination(stage.hq.url, "", "", "00" * 16), bytes(16), NOW_MS, ())
    with pytest.raises(Refused, match=r"id\."):
        prepare(blank, Destination(stage.hq.url, "", ""), bytes(16), NOW_MS, ("s 1",))
    assert load_spare(blank.state) is None
