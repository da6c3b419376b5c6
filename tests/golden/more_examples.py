"""The data of the slips beside the reference layouts: the day's report, the drawer's, the card of commands."""

from dataclasses import replace

from agent.core.receipt import (
    CommandCard,
    DayReport,
    DrawerMove,
    DrawerSlip,
    ShiftOfDay,
)
from tests.golden import english_examples as english
from tests.golden import slip_examples as chinese

DAY = DayReport(
    shop=chinese.SHOP,
    day="2026-10-03",
    opened_at="10-03 09:50:00",
    closed_at="10-03 23:10:00",
    closed_by=chinese.MANAGER,
    shifts=(
        ShiftOfDay("1", "000317", chinese.CASHIER, 300000, -1200),
        ShiftOfDay("2", "000318", chinese.CASHIER, 494383, 0, forced=True),
    ),
    sales=chinese.SHIFT_Z.sales,
    tenders=chinese.SHIFT_Z.tenders,
    others=chinese.SHIFT_Z.others,
    platforms=chinese.SHIFT_Z.platforms,
    loose_ends=chinese.SHIFT_Z.loose_ends,
    operations=chinese.SHIFT_Z.operations,
    tax=chinese.SHIFT_Z.tax,
    to_deposit_fen=150000,
    forced_reason="2号机没人交班",
    grand_total_fen=118640217,
    chain=chinese.SHIFT_Z.chain,
    complete_to=41870,
    code="S001/2026-10-03/Z",
)
DAY_EN = replace(
    DAY,
    shop=english.SHOP,
    closed_by=english.MANAGER,
    shifts=tuple(replace(one, cashier=english.CASHIER) for one in DAY.shifts),
    sales=english.SHIFT_Z.sales,
    tenders=english.SHIFT_Z.tenders,
    others=english.SHIFT_Z.others,
    platforms=english.SHIFT_Z.platforms,
    forced_reason="Nobody at till 2",
)

DROP = DrawerSlip(
    shop=chinese.SHOP,
    move=DrawerMove.DROP,
    written_at="2026-10-03 15:00:00",
    till="2",
    staff=chinese.CASHIER,
    amount_fen=100000,
    reason="抽屉里现金多了",
    bag="0317",
    second=chinese.MANAGER,
)
DROP_EN = replace(
    DROP, shop=english.SHOP, staff=english.CASHIER, second=english.MANAGER, reason="Too much cash in the drawer"
)

CARD = CommandCard(chinese.SHOP)
CARD_EN = CommandCard(english.SHOP)
