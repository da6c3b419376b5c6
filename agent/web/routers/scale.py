"""The till's scale."""

from typing import Any

from fastapi import APIRouter

from agent.core.sentences import sentence_for
from agent.services import weighing
from agent.web.access import AnySeat

router = APIRouter(tags=["scale"])


@router.get("/scale")
def scale(seat: AnySeat) -> dict[str, Any]:
    """Return what lies on the till's scale now; with the sentences of `code` when it can't be sold as it is."""
    shown = weighing.shown(seat.shop, seat.actor.till)
    if shown["code"] is None:
        return shown
    sentence = sentence_for(shown["code"])
    return {
        **shown,
        "title": {"zh": sentence.zh_title, "en": sentence.en_title},
        "detail": {"zh": sentence.zh_detail, "en": sentence.en_detail},
    }
