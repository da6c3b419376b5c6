"""The history of a store asked of headquarters by the box that came after: nothing is believed without a proof."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.core.canonical import parse
from agent.core.chain import Identity
from agent.core.errors import Broken, UnknownOutcome
from agent.core.ports import Signer
from sync.headquarters import answer_error
from sync.keylist import KeyRing
from sync.past import FirstPage, Page, PastRow, PlannedEpoch, parse_first_page, parse_page, parse_plan
from sync.session import Answer, HttpSession, signed_by
from sync.wire import Receipt, parse_receipt


@dataclass(frozen=True, slots=True)
class Promise:
    """What headquarters has of an earlier epoch, by its own signature."""

    planned: PlannedEpoch
    receipt: Receipt


class PastSource:
    """Asks headquarters; raises `StoreboxError`, and nothing here retries."""

    def __init__(self, session: HttpSession, signer: Signer, identity: Identity, keys: KeyRing) -> None:
        self.identity = identity
        self._session = session
        self._signer = signer
        self._keys = keys

    def plan(self) -> tuple[Promise, ...]:
        """Return the store's earlier epochs, oldest first.

        Raises `UnknownOutcome("restore.receipt_not_signed")` when a receipt is not headquarters' word to this box.
        """
        document = parse(self._got("/past/plan").body)
        if not isinstance(document, dict):
            raise UnknownOutcome("hq.garbage_answer")
        return tuple(self._believed(planned) for planned in parse_plan(document))

    def first(self) -> Iterator[PastRow]:
        """Yield what selling needs, in order of place; their hashes are checked when the whole history is here."""
        place = (0, 0)
        while True:
            page: FirstPage = parse_first_page(self._got(f"/past/first?epoch={place[0]}&after={place[1]}").body)
            for row in page.rows:
                if (row.epoch, row.seq) <= place or row.epoch >= self.identity.epoch:
                    raise Broken("restore.chain_broken", epoch=row.epoch, seq=row.seq)
                place = (row.epoch, row.seq)
                yield row
            if page.last or not page.rows:
                return

    def page(self, epoch: int, after_seq: int) -> Page:
        """Return the entries of an epoch that follow `after_seq`, their hashes computed from its `previous`."""
        page = parse_page(self._got(f"/past?epoch={epoch}&after={after_seq}").body)
        if page.epoch != epoch or (page.rows and page.rows[0].seq != after_seq + 1):
            raise UnknownOutcome("hq.garbage_answer")
        return page

    def _got(self, path: str) -> Answer:
        target = f"/v1/boxes/{self.identity.box}{path}"
        answer = self._session.send("GET", target, header_maker=signed_by(self.identity, self._signer))
        if answer.status != 200:
            raise answer_error(answer)
        return answer

    def _believed(self, planned: PlannedEpoch) -> Promise:
        receipt = parse_receipt(planned.receipt)
        whose = replace(self.identity, epoch=planned.epoch)
        if receipt.identity != whose:
            raise UnknownOutcome("hq.receipt_of_another")
        fault = self._keys.fault("receipt", whose, receipt.document, receipt.at_ms)
        if fault is not None:
            raise UnknownOutcome("restore.receipt_not_signed", reason=fault)
        return Promise(planned, receipt)
