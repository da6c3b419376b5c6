"""From the sale at the counter to headquarters' page: real processes, and a page that refreshes itself as in a browser.

The page asks at its own interval, whenever that happens to be: what a person waits is in the figure.
"""

import json
import secrets
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from agent.bench.counter import BOX, PIN, STORE, Counter, opened
from agent.bench.figures import percentile
from agent.bench.plan import Plan
from agent.bench.postgres import WITHOUT_POSTGRESQL, Server, found_programs
from agent.bench.process import Agent, free_port
from agent.bench.rows import Bar, Row
from agent.replay.surroundings import Surroundings, program
from agent.settings import FILE_NAME
from drivers.emulators.embed import pty_printer
from sync.enrol import enrol
from sync.hq import registry
from sync.hq.office import Office
from sync.hq.people.accounts import add_person, change_password
from sync.session import HttpSession

BAR = Bar("value", "<=", 3)
SALES, QUICK_SALES = 60, 2
PAGE_EVERY_S = 1.5
"""What the page itself does (`sync/hq/pages/static/hq.js`)."""
SHOWN_WITHIN_S = 60.0
TIMEOUT_S = 10.0
GIVEN_FEN = 100_000
READER, PASSWORD = "bench", "reads the page"


def measure(plan: Plan) -> list[Row]:
    """Measure the median and the 95th percentile; raises RuntimeError when a sale is not shown within a minute."""
    with ExitStack() as stack:
        folder = stack.enter_context(plan.scratch("shown"))
        database = _database(plan, stack)
        url, token = _headquarters(stack.enter_context(Surroundings(folder)), folder / "hq", database)
        state = folder / "box"
        stack.enter_context(pty_printer(folder / "printer"))
        sku = _enrolled(state, url, token, folder / "printer")
        page = stack.enter_context(HqPage(url, STORE))
        with Agent(state) as agent, Till(agent.url, sku) as till:
            waits_s = _waits(plan, till, page)
    where = "SQLite" if database is None else "PostgreSQL"
    name = f"a sale on headquarters' page ({where}), {len(waits_s)} sales, page refreshed every {PAGE_EVERY_S} s"
    return [
        Row(f"{name}: median", percentile(waits_s, 50), "s"),
        Row(f"{name}: 95th percentile", percentile(waits_s, 95), "s", bar=BAR),
    ]


def _waits(plan: Plan, till: "Till", page: "HqPage") -> list[float]:
    waits_s = []
    count = plan.count(SALES, QUICK_SALES)
    with plan.progress("sales until headquarters shows them", count) as advance:
        page.wait_for(till.sell())  # opens connections, and has everybody compile what he says
        for _ in range(count):
            time.sleep(secrets.randbelow(1000) / 1000 * PAGE_EVERY_S)
            sale = till.sell()
            began_s = time.monotonic()
            waits_s.append(page.wait_for(sale) - began_s)
            advance()
    return waits_s


class Till:
    """A till page of the box that sells one article for cash."""

    def __init__(self, url: str, sku: str) -> None:
        self._url = url
        self._sku = sku
        self._session = requests.Session()
        self._session.trust_env = False
        self._csrf = ""

    def __enter__(self) -> Self:
        self._csrf = self._post("/session", {"staff": "01", "pin": PIN, "till": "1"})["csrf"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def sell(self) -> str:
        """Ring up, take cash, and return the sale's number once the box has answered."""
        self._post("/basket/lines", {"code": self._sku})
        self._post("/basket/total", {})
        answer = self._post("/basket/tenders", {"kind": "cash", "given_fen": GIVEN_FEN})
        return str(answer["completed"]["sale"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "Origin": self._url,
            "X-Storebox-CSRF": self._csrf,
            "Idempotency-Key": secrets.token_hex(8),
        }
        answer = self._session.post(f"{self._url}/api/v1{path}", json=body, headers=headers, timeout=TIMEOUT_S)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:200]}")
        document: dict[str, Any] = answer.json()
        return document


class HqPage:
    """A store's page in the browser of somebody who logged in; fetched again and again until it is left."""

    def __init__(self, url: str, store: str) -> None:
        self._url = url
        self._page = f"{url}/stores/{store}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._changed = threading.Condition()
        self._text, self._at_s = "", 0.0
        self._error = ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._refresh, name="hq page", daemon=True)

    def __enter__(self) -> Self:
        form = {"name": READER, "password": PASSWORD}
        answer = self._session.post(f"{self._url}/login", form, headers={"Origin": self._url}, timeout=TIMEOUT_S)
        answer.raise_for_status()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join(TIMEOUT_S)
        self._session.close()

    def wait_for(self, text: str) -> float:
        """Return the monotonic time at which a page that holds the text had come."""
        with self._changed:
            shown = self._changed.wait_for(lambda: text in self._text or bool(self._error), SHOWN_WITHIN_S)
            if not shown or self._error:
                raise RuntimeError(self._error or f"{text} is not on the page after {SHOWN_WITHIN_S} s")
            return self._at_s

    def _refresh(self) -> None:
        while not self._closing.is_set():
            self._fetch()
            self._closing.wait(PAGE_EVERY_S)

    def _fetch(self) -> None:
        text, error = "", ""
        try:
            answer = self._session.get(self._page, headers={"X-Storebox-Part": "1"}, timeout=TIMEOUT_S)
            answer.raise_for_status()
            text = answer.text
        except requests.RequestException as problem:
            error = f"the page: {problem}"
        with self._changed:
            self._text, self._at_s, self._error = text, time.monotonic(), error
            self._changed.notify_all()


def _database(plan: Plan, stack: ExitStack) -> str | None:
    programs = found_programs()
    if programs is None:
        plan.note(WITHOUT_POSTGRESQL)
        return None
    server = Server(programs)
    stack.callback(server.stop)
    return server.fresh_database()


def _headquarters(around: Surroundings, state: Path, database: str | None) -> tuple[str, str]:
    """Start headquarters with a store and a reader; returns its URL and an enrolment token."""
    office = Office.open(state, database)
    try:
        with office.database.write() as connection:
            registry.add_store(connection, STORE, STORE, office.now_ms())
            token = registry.make_enrolment_token(connection, STORE, office.now_ms())
            add_person(connection, READER, "auditor", None, office.now_ms())
            change_password(connection, READER, PASSWORD)
    finally:
        office.close()
    command = [program("storebox-hq"), "serve", "--state", str(state), "--port", "0"]
    return around.start("hq", [*command, *(["--database", database] if database else [])]).split()[-1], token


def _enrolled(state: Path, url: str, token: str, printer: Path) -> str:
    """Enrol a box, open its day, write settings with a printer, and return an article that can be sold."""
    session = HttpSession(url)
    try:
        enrol(session, state, token, STORE, BOX)
    finally:
        session.close()
    with opened(state) as box:
        counter = Counter(box)
        counter.log_in()
        counter.open()
        sku = next(item.sku for item in box.shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    till = ["[[till]]", 'till = "1"', f"printer = {json.dumps(f'serial:{printer}')}", 'profile = "tm-t88"', ""]
    (state / FILE_NAME).write_text("\n".join(["[web]", f"port = {free_port()}", *till]), encoding="utf-8")
    return str(sku)
