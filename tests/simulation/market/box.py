"""The market's box: its state folder made ready, and its one process that is killed and comes back."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

from agent.daemon.box import Box, Outside, begin_journal, enrol_without_headquarters
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.services import staff
from agent.settings import Settings
from agent.store.connection import open_reader
from sync.enrol import enrol
from sync.session import HttpSession
from tests.simulation.market.headquarters import MarketHeadquarters
from tests.simulation.market.processes import STOREBOX, Market

CONFIG = Path(__file__).parents[3] / "config"
BOX_NAME = "B1"
MANAGER, PIN = "01", "246810"


class MarketBox:
    """A box with some tills and no printer, since paper is proved elsewhere; its keys lie here or at headquarters."""

    def __init__(self, market: Market, store: str, tills: int, headquarters: MarketHeadquarters | None = None) -> None:
        self.store = store
        self.state = market.folder / store
        self.tills = tuple(str(number) for number in range(1, tills + 1))
        self._market = market
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._make_ready(port, headquarters)
        self.process = market.process(
            store,
            STOREBOX,
            *("storebox", "run", "--state", str(self.state), "--hurry", str(market.hurry)),
            listener=self._listener,
        )

    def _make_ready(self, port: int, headquarters: MarketHeadquarters | None) -> None:
        payments = ""
        if headquarters is None:
            enrol_without_headquarters(self.state, self.store, BOX_NAME, SystemClock())
            folder = self.state / "platforms"
            folder.mkdir(mode=0o700)
            self._market.write_merchants(folder)
        else:
            payments = f'[payments]\ncustody = "hq"\npay_urls = ["{headquarters.pay_url}"]\n'
            token, session = headquarters.token(self.store), HttpSession(headquarters.url)
            enrolment = enrol(session, self.state, token, self.store, BOX_NAME)
            session.close()
            begin_journal(self.state, enrolment, SystemClock())
        shutil.copyfile(CONFIG / "demo" / "catalogue.toml", self.state / "catalogue.toml")
        tills = "".join(f'[[till]]\ntill = "{till}"\n' for till in self.tills)
        (self.state / "storebox.toml").write_text(
            f'[store]\nname = "湘味小馆"\n[printing]\nreceipts = "never"\n[web]\nport = {port}\n{payments}{tills}',
            encoding="utf-8",
        )
        box = Box(Settings(state=self.state), Outside(SystemClock(), SystemEntropy(), lambda kind, data: None, {}))
        staff.add_person(box.shop, MANAGER, "李店长", "store_manager", PIN)
        for till in self.tills:
            staff.add_person(box.shop, f"1{till}", f"收银{till}", "shift_lead", PIN)
        box.writer.close()
        box.readers.close()

    def asked(self, query: str) -> Any:
        """Return the first value of a query on the journal's file, as another process sees it."""
        reader = open_reader(self.state / "journal.db")
        try:
            return reader.execute(query).fetchone()[0]
        finally:
            reader.close()

    def unfinished(self) -> int:
        """Return how many attempts and refunds have no end yet."""
        return int(
            self.asked(
                "SELECT (SELECT count(*) FROM view_attempt WHERE state IN ('open', 'parked'))"
                " + (SELECT count(*) FROM view_platform_refund WHERE state = 'started')"
            )
        )
