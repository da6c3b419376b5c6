"""The classes of matching in the order of trial, what may be done, by whom, and their names for people."""

from enum import StrEnum

Words = tuple[str, str]
"""Chinese, English."""


class LineClass(StrEnum):
    """What a line is; the first that applies, in this order."""

    DUPLICATE = "duplicate"
    PLATFORM_ONLY = "platform_only"
    JOURNAL_ONLY = "journal_only"
    STATUS_DIFFERS = "status_differs"
    AMOUNT_DIFFERS = "amount_differs"
    REFUND_MISSING = "refund_missing"
    REFUND_EXTRA = "refund_extra"
    FEE_DIFFERS = "fee_differs"
    OTHER_DAY = "other_day"
    NOT_YET = "not_yet"
    MATCHED = "matched"


AGREED = frozenset({LineClass.MATCHED, LineClass.OTHER_DAY})
"""Both sides tell the same; OTHER_DAY only on another day's bill."""
WAITING = frozenset({LineClass.NOT_YET})
DIFFERENCES = frozenset(LineClass) - AGREED - WAITING
"""Somebody must do something."""


class Settlement(StrEnum):
    """What is proposed."""

    NOTHING = "nothing"
    CONFIRM = "confirm"
    """Take over what the platform says."""
    REFUND = "refund"
    RE_QUERY = "re_query"
    ASSIGN = "assign"
    """A person names the store and sale that the money belongs to."""
    WRITE_OFF = "write_off"
    """With the approval of a second person."""


class Owner(StrEnum):
    """Who has to act."""

    NOBODY = "nobody"
    BOX = "box"
    STORE_MANAGER = "store_manager"
    HQ = "hq"
    PLATFORM = "platform"


CLASS_WORDS: dict[LineClass, Words] = {
    LineClass.DUPLICATE: ("重复", "twice"),
    LineClass.PLATFORM_ONLY: ("平台有·门店无", "platform only"),
    LineClass.JOURNAL_ONLY: ("门店有·平台无", "store only"),
    LineClass.STATUS_DIFFERS: ("状态不一致", "status differs"),
    LineClass.AMOUNT_DIFFERS: ("金额不一致", "amount differs"),
    LineClass.REFUND_MISSING: ("退款·门店有·平台无", "refund: store only"),
    LineClass.REFUND_EXTRA: ("退款·平台有·门店无", "refund: platform only"),
    LineClass.FEE_DIFFERS: ("手续费不一致", "fee differs"),
    LineClass.OTHER_DAY: ("在另一天的账单", "on another day's bill"),
    LineClass.NOT_YET: ("等下一份账单", "waits for a bill"),
    LineClass.MATCHED: ("一致", "matched"),
}
SETTLEMENT_WORDS: dict[Settlement, Words] = {
    Settlement.NOTHING: ("不用处理", "nothing"),
    Settlement.CONFIRM: ("按平台的记上", "take over"),
    Settlement.REFUND: ("退给顾客", "refund"),
    Settlement.RE_QUERY: ("再查一次", "ask again"),
    Settlement.ASSIGN: ("人工认领", "assign"),
    Settlement.WRITE_OFF: ("核销,要批准", "write off, with approval"),
}
OWNER_WORDS: dict[Owner, Words] = {
    Owner.NOBODY: ("—", "—"),
    Owner.BOX: ("盒子", "box"),
    Owner.STORE_MANAGER: ("店长", "store manager"),
    Owner.HQ: ("总部", "headquarters"),
    Owner.PLATFORM: ("平台", "platform"),
}
