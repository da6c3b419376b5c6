"""Live streams: server-sent events to the cashier's page and to the customer's display."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from agent.core.errors import Family, Refused, StoreboxError
from agent.web.access import Seat, TheWeb, known, seat
from agent.web.errors import error_data
from agent.web.hub import Hub, LiveEvent

KEEP_ALIVE_S = 15.0
router = APIRouter(tags=["live"])


def with_sentences(data: dict[str, Any]) -> dict[str, Any]:
    """Return an event's data with the sentences of its code, when it tells of a refusal."""
    code = data.get("code")
    if not isinstance(code, str) or "error" in data:
        return data
    error = StoreboxError(code, **data.get("values") or {})
    error.family = Family(data.get("family", Family.REFUSED))
    return {**data, **error_data(error)}


def as_sent(event: LiveEvent) -> str:
    """Return an event in the form of the stream."""
    data = with_sentences({**event.data, "kind": event.kind})
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


async def stream(
    hub: Hub, till: str, wanted: Callable[[LiveEvent], bool], still_allowed: Callable[[], bool]
) -> AsyncIterator[str]:
    """Yield the stream's text: a greeting, events as they come, a comment in silence; ends with its session."""
    subscription = hub.subscribe(till)
    try:
        yield "retry: 1000\n\n"
        async for event in subscription.events(KEEP_ALIVE_S):
            if event is None:
                if not await run_sync(still_allowed):
                    return
                yield ": here\n\n"
            elif wanted(event):
                yield as_sent(event)
    finally:
        hub.unsubscribe(subscription)


def streamed(parts: AsyncIterator[str]) -> StreamingResponse:
    """Return a stream as a response that no proxy holds back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(parts, media_type="text/event-stream", headers=headers)


@router.get("/live")
async def live(web: TheWeb, request: Request, who: Annotated[Seat, Depends(seat)]) -> StreamingResponse:
    """Stream the till's events: `state` (fetch again), `scan`, `notice`, `lamps`."""

    def still_allowed() -> bool:
        return known(request) is not None

    return streamed(stream(web.hub, who.actor.till, lambda event: True, still_allowed))


@router.get("/display/{till}/live")
async def display_live(till: str, web: TheWeb) -> StreamingResponse:
    """Stream to the customer's display that there is something new to fetch, and nothing else."""
    if till not in web.shop.tills:
        raise Refused("till.unknown", till=till[:40])
    return streamed(stream(web.hub, till, lambda event: event.kind == "state", lambda: True))
