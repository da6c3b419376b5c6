"""`make pictures`: sets blank boxes up, in both languages, and keeps every slip as the emulated printer drew it.

The slips of a run that really happens: processes of their own, headquarters, scanner; only root's helper for networks
is played, since nobody here may change one. Random numbers make each run's codes other ones.
"""

import json
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from agent.core.setup_codes import packet_code
from agent.settings import Settings
from agent.setup.destination import Destination
from agent.setup.joining import ANSWER, REQUEST
from agent.setup.spare import prepare
from agent.setup.stick import carry_in
from tests.integration.running import wait_for
from tests.integration.test_run import free_port
from tests.setup_stage import Bench, Headquarters

NETWORK = "WIFI:T:WPA;S:shop;P:password1;;"
LAYERS = {
    "link": {"good": True, "detail": "enp1s0"},
    "address": {"good": True, "detail": "192.168.1.20/24"},
    "gateway": {"good": True, "detail": "192.168.1.1"},
}


def main(target: Path) -> None:
    """Draw every slip of a setup."""
    target.mkdir(parents=True, exist_ok=True)
    for language in ("zh-CN", "en"):
        with tempfile.TemporaryDirectory() as folder:
            _pictures(Path(folder), language, target)
        with tempfile.TemporaryDirectory() as folder:
            _spare_pictures(Path(folder), language, target)


def _pictures(folder: Path, language: str, target: Path) -> None:
    png = folder / "png"
    with Headquarters(folder / "hq", "S001") as headquarters, Bench(folder / "box", 2, language, png) as bench:
        code = headquarters.code("S001")
        bench.start(free_port())
        names = ["1-invitation"]
        _cut(bench, 1)
        bench.scan("6901234567892")
        names.append("refusal")
        _cut(bench, 2)
        helper = threading.Thread(target=_answer, args=(bench.state / "setup",))
        helper.start()
        bench.scan(NETWORK)
        names.append("2-network")
        _cut(bench, 3)
        helper.join()
        bench.scan(code)
        names += ["3-enrolled", "4-test"]
        _cut(bench, 5)
        bench.scan(bench.test_code(0), 0)
        names.append("5-till-ready")
        _cut(bench, 6)
        bench.scan(bench.test_code(1), 1)
        names.append("6-ready")
        _cut(bench, 7)
        wait_for(lambda: (png / "slip-000007.png").exists())
        assert bench.box is not None
        bench.box.line()
    for number, name in enumerate(names, 1):
        shutil.copyfile(png / f"slip-{number:06d}.png", target / f"{name}.{language}.png")


def _spare_pictures(folder: Path, language: str, target: Path) -> None:
    """Put a spare in a dead box's place, by a stick."""
    png, stick = folder / "png", folder / "stick"
    stick.mkdir()
    with Headquarters(folder / "hq", "S001") as headquarters, Bench(folder / "box", 1, language, png) as bench:
        code = headquarters.packet_for_spare("S001", stick / "packet.bin", folder / "dead")
        to = Destination(f"http://127.0.0.1:{headquarters.port}", "", "", headquarters.fingerprint)
        prepare(Settings(state=bench.state), to, bytes(16), 0, ["S001"])
        bench.start(free_port())
        _cut(bench, 1)
        carry_in(stick, bench.state)
        _cut(bench, 2)
        bench.scan(packet_code(code))
        _cut(bench, 5)
        wait_for(lambda: (png / "slip-000005.png").exists())
    for number, name in ((1, "1-invitation"), (2, "2-stick"), (4, "3-takes-over")):
        shutil.copyfile(png / f"slip-{number:06d}.png", target / f"spare-{name}.{language}.png")


def _cut(bench: Bench, slips: int) -> None:
    wait_for(lambda: len(bench.slips()) >= slips)


def _answer(folder: Path) -> None:
    """Play root's helper once."""
    wait_for((folder / REQUEST).exists)
    request = json.loads((folder / REQUEST).read_bytes())
    (folder / ANSWER).write_text(json.dumps({"id": request["id"], "applied": True, "layers": LAYERS}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
