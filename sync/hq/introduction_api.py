"""How headquarters introduces itself to a box that has no key yet: root, key list, and a signed time.

Separate from the endpoints of boxes because nobody is known here: it tells what anybody may hear and nothing else.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from sync.hq.office import Office
from sync.introduction import PATH


def introduction_router(office: Office) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(tags=["boxes"])

    @router.get(PATH)
    def introduction(nonce: Annotated[str, Query(pattern=r"^[0-9a-f]{32}$")]) -> JSONResponse:
        """Sign a box's random number and the time; gives the root key and the key list with it."""
        return JSONResponse(office.keys.introduction(nonce, office.now_ms()))

    return router
