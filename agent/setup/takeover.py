"""A box that comes in another's place: what selling needs first, and what a stick had of the one before.

The rest is the part of `agent.rescue.worker`, behind the trade: the whole history, then the old box's unsent entries.
"""

import logging
import shutil
from pathlib import Path

from agent.core.errors import StoreboxError
from agent.disk import sync_folder
from agent.rescue import inbox, restore
from agent.rescue.opened import open_store, past_source
from agent.setup.packets import FOLDER
from agent.store import views
from sync.enrol import Enrolment
from sync.grant import waiting_grant

OLD = "old-"
"""How folders begin that root's part made of an old box's records on a stick."""
FROM_STICK = Path("handover") / "from-stick"
_log = logging.getLogger("storebox.setup")


def replaces_another(enrolment: Enrolment) -> bool:
    """Tell whether there was a box before this one in its store."""
    return enrolment.identity.epoch > 1 and enrolment.key_ring() is not None


def bring_first(state: Path, enrolment: Enrolment) -> int | None:
    """Bring what selling needs and return how many entries of the history follow behind the trade.

    None where headquarters can't be asked now, or has not heard of this box yet: the trading box asks again by itself.
    """
    if waiting_grant(state) is not None:
        return None
    try:
        with open_store(state, enrolment) as held, past_source(state, enrolment) as source:
            restore.begin(held, source, views)
            far = restore.how_far(held)
    except StoreboxError as error:
        _log.warning("the history waits: %s", error)
        return None
    return far.promised - far.here


def adopt_old(state: Path) -> int:
    """Order that the records that a stick brought be taken over once the history is here; returns how many files.

    The order is on disk before the files have their place: a power cut between finds both again.
    """
    waiting = {order.source for order in inbox.waiting(state)}
    count = 0
    for folder in sorted((state / FOLDER).glob(f"{OLD}*")):
        place = (state / FROM_STICK / folder.name).absolute()
        for file in sorted(one for one in folder.iterdir() if one.suffix in (".db", ".copy")):
            count += 1
            if place / file.name not in waiting:
                inbox.leave(state, place / file.name)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if place.exists():
            shutil.rmtree(folder)
        else:
            folder.replace(place)
            sync_folder(place.parent)
    return count
