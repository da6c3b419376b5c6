"""Who may: the role matrix asked at each act, and the entry that an approval leaves."""

from agent.core.errors import Credentials
from agent.core.events import ActApproved
from agent.core.roles import Answer
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.services.trade import Trade
from agent.store.unit import Unit


def require(
    shop: Shop, actor: Actor, act: str, approval: Approval | None = None, *, amount_fen: int = 0, percent: int = 0
) -> str | None:
    """Return who approved, or None when the actor may alone.

    Raises `Credentials` `approval.needed` naming the role whose word is needed, `act.not_allowed` where no word
    helps, and what `Matrix.check_approval` refuses.
    """
    verdict = shop.matrix.may(actor.role, act, amount_fen=amount_fen, percent=percent)
    if verdict.answer is Answer.YES:
        return None
    if verdict.answer is Answer.NO or verdict.role is None:
        raise Credentials("act.not_allowed", act=act, role=actor.role)
    if approval is None:
        raise Credentials("approval.needed", act=act, needed=verdict.role.value)
    shop.matrix.check_approval(
        act,
        actor=actor.staff,
        actor_role=actor.role,
        approver=approval.staff,
        approver_role=approval.role,
        amount_fen=amount_fen,
        percent=percent,
    )
    return approval.staff


def record_approval(unit: Unit, trade: Trade, act: str, approver: str | None, subject: str | None, reason: str) -> None:
    """Journal that somebody else's word was used; nothing when the actor acted on his own right."""
    if approver is None:
        return
    record(unit, ActApproved(**trade.fields(), act=act, approver=approver, subject=subject, reason=reason[:200]))
