"""Documents that an offline packet brought: taken at the box's first start as if headquarters had just sent them.

A power cut in the middle takes them again; one that was taken is known by its version.
"""

import logging
from pathlib import Path

from agent.core.chain import Identity
from agent.core.errors import Broken, Credentials, Refused, UnknownOutcome
from sync.directives import Taker, believed
from sync.grant import carried_documents, forget_carried
from sync.keylist import KeyRing

log = logging.getLogger("storebox.directives")


def take_carried(state: Path, identity: Identity, keys: KeyRing, taker: Taker) -> int:
    """Hand the waiting documents on and return how many; one that is not signed for this box is named in the log.

    Headquarters sends what is left out here as soon as there is a line: the versions that the box has say so.
    """
    taken = 0
    for document in carried_documents(state):
        try:
            taker.take(believed(document, identity, keys))
        except (Refused, Credentials, UnknownOutcome) as error:
            log.error("a document of the packet is left out: %s", error)
        except Broken as error:
            log.error("the documents of the packet wait for the next start: %s", error)
            return taken
        else:
            taken += 1
    forget_carried(state)
    return taken
