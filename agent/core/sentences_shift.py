"""Sentences for the business day, shifts, the count and the drawer. Money first, then one thing to do.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

MOVEMENT_WORDS: dict[str, tuple[str, str]] = {
    "paid_in": ("放钱进抽屉", "paid in"),
    "paid_out": ("从抽屉付出", "paid out"),
    "drop": ("投保险箱", "to the safe"),
    "no_sale": ("空开抽屉", "no sale"),
}

_NOT_YET_ZH = "还没收钱。"
_NOT_YET_EN = "No money was taken. "

SENTENCES: dict[str, Texts] = {
    "day.not_open": (
        "今天还没开店",
        _NOT_YET_ZH + "请领班按开店。",
        "The day is not open yet",
        _NOT_YET_EN + "The shift lead opens the day.",
        "收银台 {till};要领班以上登录,storebox day status 看哪天还开着。",
        "Till {till}; a shift lead or above logs in; storebox day status shows which day is open.",
    ),
    "day.open_already": (
        "今天已经开店了",
        "账都在,什么都没变。直接开班就行。",
        "The day is open already",
        "All records are here and unchanged. Go on and open the shift.",
        "昨天没日结的,先在收银页日结;storebox day status 看没完的事。",
        "If yesterday was not closed, close it on the page; storebox day status shows what is unfinished.",
    ),
    "day.shifts_open": (
        "还有收银台没交班",
        "收的钱都有记录。请先交班:{tills}号台。",
        "Some tills are not closed",
        "All money taken is on record. Close the shift of till {tills} first.",
        "人走了没交班的,店长写原因强制日结。",
        "If somebody left without closing, the manager forces the close with a reason.",
    ),
    "shift.not_open": (
        "先开班,再收钱",
        _NOT_YET_ZH + "请数好备用金,按开班。",
        "Open the shift first",
        _NOT_YET_EN + "Count the float and open the shift.",
        "收银台 {till};storebox shift status 看哪些台开着班。",
        "Till {till}; storebox shift status shows the open shifts.",
    ),
    "shift.open_already": (
        "这台已经开班了",
        "收的钱都有记录。接着收,或先交班。",
        "The shift is open already",
        "All money taken is on record. Go on, or close it first.",
        "收银台 {till} 的班还没交。",
        "The shift of till {till} is not closed.",
    ),
    "shift.basket_open": (
        "还有一单没收完",
        "班没有交。请先收完、挂起或取消这一单。",
        "A sale is in hand",
        "The shift is not closed. Finish, hold or cancel the sale first.",
        "单号 {sale}。",
        "Sale {sale}.",
    ),
    "shift.cash_in_basket": (
        "挂起的单里有现金",
        "班没有交,已收的 {amount} 元有记录。请取回这一单收完;要退再按退货。",
        "A sale set aside has cash in it",
        "The shift is not closed, the {amount} yuan taken are on record. Take that sale up and finish it.",
        "单号 {sale}。付款没结果的,领班先挂起付款,再收剩下的。",
        "Sale {sale}. If its payment has no result, a lead parks that payment, then the rest is taken.",
    ),
    "shift.day_closed": (
        "这一班的营业日已经结了",
        "还没记账,钱没有动。先交班,再开新的营业日和新班。",
        "The day of this shift is closed",
        "Nothing booked, no money moved. Close the shift, then open a new day and shift.",
        "{day} 是强制日结的,{till} 号台的班没交;日报已印,不能再往里记。",
        "{day} was closed by force over the shift of till {till}; its report is printed, nothing more goes into it.",
    ),
    "count.differs": (
        "和账上不一样,再数一遍",
        "多 {over} 元,少 {short} 元。多了不能拿走,少了如实报;请再数。",
        "It differs, please count again",
        "Over {over} yuan, short {short} yuan. Leave what is over, say what is short; count again.",
        "复点后仍不一样,选原因再交班。",
        "If it differs again, choose a reason and close.",
    ),
    "count.reason_missing": (
        "请选差错的原因",
        "班还没交。多 {over} 元,少 {short} 元;选好原因签名。",
        "Please choose a reason",
        "The shift is not closed. Over {over} yuan, short {short} yuan; choose a reason and sign.",
        "原因会印在交班单上。",
        "The reason stands on the shift's report.",
    ),
    "count.bad_denomination": (
        "点钞数不对",
        "班还没交。请看每种面额的张数。",
        "The count is not right",
        "The shift is not closed. Look at the number of each note.",
        "没有 {denomination} 这种面额,或张数不对。",
        "There is no note of {denomination} fen, or the number of pieces is wrong.",
    ),
    "drawer.bad_movement": (
        "没有这种存取",
        "抽屉里的钱没动。请选屏上有的。",
        "No such movement of cash",
        "The cash is untouched. Choose one that the screen offers.",
        "收到的是 {movement};有 paid_in、paid_out、drop、no_sale。",
        "It said {movement}; there are paid_in, paid_out, drop, no_sale.",
    ),
    "drawer.not_enough": (
        "抽屉里没这么多钱",
        "钱没有动。请改小,或先放钱进来。",
        "Not so much in the drawer",
        "The cash is untouched. Take less, or put some in first.",
        "要取 {amount} 元,账上现金没这么多。",
        "{amount} yuan were asked for; by the books there is less.",
    ),
}
