"""From a blank box to a sale with a stick and no line at all; then the line comes, and headquarters has everything."""

import json
import subprocess
from pathlib import Path
from typing import Any

from agent.core.directives import Kind
from agent.core.setup_codes import packet_code
from agent.setup.stick import carry_in
from sync.hq.directives.putting import put
from sync.hq.office import Office
from tests.integration.running import TillPage, wait_for
from tests.integration.test_run import free_port
from tests.integration.test_setup import first_sale
from tests.setup_stage import HQ, Bench, Headquarters

CATALOGUE = Path(__file__).parents[2] / "config" / "demo" / "catalogue.toml"
STAFF = '[[person]]\nstaff = "07"\nname = "王小二"\nrole = "cashier"\n'


def at_hq(folder: Path, *words: str) -> Any:
    """Run `storebox-hq` and return the JSON that it prints."""
    done = subprocess.run(
        [*HQ, *words, "--state", str(folder), "--json"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def packed(folder: Path, stick: Path, port: int, *more: str) -> str:
    """Have headquarters write a packet of S001 onto a stick; returns its code."""
    where = ("-o", str(stick / "packet.bin"), "--hq", f"http://127.0.0.1:{port}", "--code")
    return str(at_hq(folder, "store", "packet", "S001", *where, *more)["code"])


def put_documents(folder: Path) -> None:
    """Give S001 a catalogue and its people."""
    office = Office.open(folder)
    try:
        with office.database.write() as connection:
            for kind, body in ((Kind.CATALOGUE, CATALOGUE.read_text(encoding="utf-8")), (Kind.STAFF, STAFF)):
                put(connection, kind, body, ["S001"], office.now_ms(), "console")
    finally:
        office.close()


def entries_at_hq(folder: Path, epoch: int) -> list[str]:
    """Return the kinds of entries that headquarters has of an epoch of S001, in their order."""
    office = Office.open(folder)
    try:
        with office.database.read() as connection:
            found = connection.exec_driver_sql(
                f"SELECT kind FROM entry WHERE store = 'S001' AND epoch = {int(epoch)} ORDER BY seq"
            )
            return [str(row[0]) for row in found]
    finally:
        office.close()


def test_a_stick_a_code_and_a_slip_and_it_sells_without_a_line(tmp_path: Path) -> None:
    headquarters, stick, port = Headquarters(tmp_path / "hq", "S001"), tmp_path / "stick", free_port()
    stick.mkdir()
    put_documents(headquarters.folder)
    code = packed(headquarters.folder, stick, port)
    with Bench(tmp_path / "box") as bench:
        bench.start(free_port())
        bench.slip_with("等待开通")
        assert carry_in(stick, bench.state).packets == 1
        assert "口令" in bench.slip_with("找到 U 盘")
        bench.scan(packet_code("00000000"))
        assert "口令和开通包对不上" in bench.slip_with("enrol.packet_wrong_code")
        bench.scan(packet_code(code))
        bench.scan(bench.test_code())
        assert bench.box is not None
        assert bench.box.line().startswith("storebox ready at")
        assert "来网自己传" in bench.slip_with("可以收银了")
        page = TillPage(bench.url)
        assert wait_for(lambda: page.get("/health")["status"] != "setup")
        first_sale(bench, page)
        with headquarters.at(port):
            kinds = wait_for(lambda: _whole(headquarters.folder), 60.0)
            assert kinds[0] == "box.enrolled"
            assert kinds.count("directive.applied") >= 2, "what the packet carried was in force"
            assert headquarters.epochs("S001") == ["B1"]
            wait_for(lambda: headquarters.report("S001"))
        assert not list((bench.state / "keys").glob("grant.json"))


def _whole(folder: Path) -> list[str]:
    kinds = entries_at_hq(folder, 1)
    return kinds if "sale.completed" in kinds else []
