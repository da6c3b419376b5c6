"""Headquarters ask a real box, both in processes of their own: it does, journals and answers; a bundle arrives."""

import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.directives import Kind
from sync.hq import registry
from sync.hq.directives.asking import ask
from sync.hq.directives.bundles import bundles_of, data_of
from sync.hq.directives.listing import Listed, listed
from sync.hq.office import Office
from tests.integration.running import Running, storebox, wait_for
from tests.integration.test_run import free_port

HQ = (sys.executable, "-c", "from sync.hq.cli import main; main()")


class Chain:
    """Headquarters and one box that runs."""

    def __init__(self, folder: Path) -> None:
        self.state, self.hq_state = folder / "box", folder / "hq"
        self.office = Office.open(self.hq_state)
        with self.office.database.write() as connection:
            registry.add_store(connection, "S001", "S001", self.office.now_ms())
        with self.office.database.write() as connection:
            token = str(registry.make_enrolment_token(connection, "S001", self.office.now_ms()))
        self.hq = Running("serve", "--port", "0", "--state", str(self.hq_state), program=HQ)
        url = self.hq.line().rpartition(" ")[2]
        done = storebox("enrol", "--hq", url, "--state", str(self.state), environment={"STOREBOX_ENROL_TOKEN": token})
        assert done.returncode == 0, done.stderr
        (self.state / "storebox.toml").write_text(f"[web]\nport = {free_port()}\n", encoding="utf-8")
        self.box = Running("run", "--state", str(self.state))
        self.box.line()

    def ask(self, verb: str) -> int:
        with self.office.database.write() as connection:
            return ask(connection, "S001", verb, "Li", "to see", self.office.now_ms())

    def answer(self, number: int) -> Listed:
        """Return an order once it was answered."""

        def answered() -> Listed | None:
            with self.office.database.read() as connection:
                rows = listed(connection, "S001", Kind.VERB)
            return next((one for one in rows if one.version == number and one.outcome is not None), None)

        found = wait_for(answered, 60)
        assert isinstance(found, Listed)
        return found

    def end(self) -> None:
        self.box.end()
        self.hq.end()
        self.office.close()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.end()


def test_a_running_box_does_what_it_is_asked_for_and_its_bundle_arrives(chain: Chain) -> None:
    began_s = time.monotonic()
    backed_up = chain.answer(chain.ask("back_up"))
    assert time.monotonic() - began_s < 10, "an order reaches a box that is online within seconds"
    assert backed_up.outcome == "done"
    assert list(chain.state.glob("backup-*.db"))
    printed = chain.answer(chain.ask("print_test_slip"))
    assert (printed.outcome, printed.code) == ("not_done", "discovery.unknown_target")
    restarted = chain.answer(chain.ask("restart"))
    assert (restarted.outcome, restarted.code) == ("not_done", "verb.no_service_manager")
    sent = chain.answer(chain.ask("send_bundle"))
    assert sent.outcome == "done", sent.code
    with chain.office.database.read() as connection:
        (kept,) = bundles_of(connection, "S001")
        data = data_of(connection, "S001", kept.sha256)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "S001 / B1 / 1" in archive.read("README.txt").decode()
        figures = json.loads(archive.read("metrics.json"))
    assert {"storebox_unsent_entries", "storebox_build_info"} <= {one["name"] for one in figures}
    status = json.loads(storebox("sync", "status", "--state", str(chain.state), "--json").stdout)
    assert {one["kind"] for one in status["directives"]} >= {"catalogue", "roles", "tenders"}
