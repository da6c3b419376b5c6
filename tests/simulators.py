"""The platforms' simulator in this process, on a clock that a test moves; its keys are made once for all tests."""

import atexit
import shutil
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

import requests

from sync.serving import listening
from sync.simulator.accounts import Account, Accounts
from sync.simulator.serve import Simulation, wall_ms


@cache
def made_merchants() -> Path:
    """Return a file of keys and merchants: making them takes a second, so all tests share them."""
    folder = Path(tempfile.mkdtemp(prefix="storebox-merchants-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Accounts(folder, wall_ms).all()
    return folder / "platform.json"


class RunningSimulator:
    """Serves on a free port that stays the same when it is restarted."""

    def __init__(self, state: Path, seed: int = 1, *, deliver: bool = False, tls: bool = False) -> None:
        state.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made_merchants(), state / "platform.json")
        self.state = state
        self._seed = seed
        self._deliver = deliver
        self._tls = tls
        self._ahead_ms = 0
        self._port = 0
        self._start()

    def now_ms(self) -> int:
        return wall_ms() + self._ahead_ms

    def account(self, name: str) -> Account:
        return self.simulation.world.accounts.named(name)

    def control(self, words: str) -> None:
        assert requests.post(f"{self.url}/control", data=words, timeout=5).status_code == 200

    def pass_time(self, seconds: float) -> None:
        self._ahead_ms += int(seconds * 1000)

    def restart(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        self.simulation.server.should_exit = True
        self.simulation.server.force_exit = True
        self._thread.join(5)
        self.simulation.close()

    def _start(self) -> None:
        listener = listening("127.0.0.1", self._port)
        self._port = listener.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"
        self.simulation = Simulation(self.state, lambda _: None, self.now_ms, self._seed, tls=self._tls)
        if self._deliver:
            self.simulation.deliver()
        server = self.simulation.server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not server.started:
            time.sleep(0.002)
