"""The market's headquarters: the ledger's process and the payments' process, over one database, each for itself."""

from __future__ import annotations

import socket

from sync.hq import registry
from sync.hq.office import Office
from tests.simulation.market.processes import STOREBOX_HQ, Market, Process


class MarketHeadquarters:
    """Headquarters with the merchants' keys of the market's platforms."""

    def __init__(self, market: Market) -> None:
        self.state = market.folder / "hq"
        folder = self.state / "platforms"
        folder.mkdir(parents=True)
        market.write_merchants(folder)
        self.pay_url, self.pay = self._process(market, "pay")
        self.url, self.ledger = self._process(market, "serve")
        for process in (self.ledger, self.pay):
            process.start()

    def token(self, store: str) -> str:
        """Add a store, and return the token by which its box enrols."""
        office = Office.open(self.state)
        try:
            with office.database.write() as connection:
                registry.add_store(connection, store, store, office.now_ms())
                return registry.make_enrolment_token(connection, store, office.now_ms())
        finally:
            office.close()

    def _process(self, market: Market, command: str) -> tuple[str, Process]:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        arguments = ("storebox-hq", command, "--state", str(self.state), "--fd", "3")
        process = market.process(f"hq-{command}", STOREBOX_HQ, *arguments, listener=listener)
        return f"http://127.0.0.1:{listener.getsockname()[1]}", process
