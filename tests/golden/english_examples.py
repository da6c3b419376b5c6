"""The reference slips of an English-speaking shop: the same lunch, refund and shift, figure by figure."""

from dataclasses import replace

from agent.core.receipt import (
    CashMovement,
    CountedReduction,
    Movement,
    OtherIncome,
    Person,
    PlatformDue,
    Reduction,
    Shop,
    SlipCoupon,
    SlipLine,
    SlipMember,
    TenderTotal,
)
from tests.golden import slip_examples as chinese

SHOP = Shop("S001", "Hunan Kitchen", "Renmin Road", "18 Renmin Road", "0731-55550101")
CASHIER = Person("Duty", "07")
MANAGER = Person("Ms Li", "01")
JUICE = SlipLine("Plum juice (jug)", 1, "pc", 1800, 1800)
GOODS = (
    SlipLine("Fish head, chopped chilli (mild)", 1, "pc", 8800, 8800, (Reduction("Member price", 600),)),
    SlipLine("Stir-fried yellow beef", 1, "pc", 5800, 5800),
    SlipLine("Rice", 3, "pc", 200, 600),
    JUICE,
    SlipLine("Box to take away", 2, "pc", 100, 200),
)

SALE = replace(
    chinese.SALE,
    shop=SHOP,
    cashier=CASHIER,
    lines=GOODS,
    reductions=(Reduction("Member price", 600), Reduction("Coupon: 15 off 100 (at the door)", 1500)),
    tenders=(
        replace(
            chinese.SALE.tenders[0],
            name="WeChat Pay",
            platform="WeChat",
            platform_reduction=Reduction("WeChat discount", 500),
        ),
    ),
    member=SlipMember("138****5678", "Gold", 151, 1431, balance_certain=False),
    coupon=SlipCoupon("15 yuan off next time", "From 100 yuan, 10-04 to 11-03, this shop", "C1" + "A" * 151),
)

REFUND = replace(
    chinese.REFUND,
    shop=SHOP,
    clerk=CASHIER,
    approver=MANAGER,
    reason="Never served (cancelled)",
    lines=(replace(JUICE, reductions=(Reduction("share of the coupon", 163),)),),
    ways=(replace(chinese.REFUND.ways[0], name="WeChat Pay", platform="WeChat"),),
    coupon=replace(chinese.REFUND.coupon, why="still above 100"),  # type: ignore[type-var]
)

SHIFT_Z = replace(
    chinese.SHIFT_Z,
    shop=SHOP,
    cashier=CASHIER,
    sales=replace(
        chinese.SHIFT_Z.sales,
        reductions=(
            CountedReduction("Member price", 18000),
            CountedReduction("Coupon", 34500),
            CountedReduction("Discount", 7230, 6),
            CountedReduction("Rounded down", 1500),
        ),
    ),
    tenders=(
        TenderTotal("Cash", 41, 138600),
        TenderTotal("WeChat", 92, 411843),
        TenderTotal("Alipay", 44, 192040),
        TenderTotal("Static code", 2, 6600),
        TenderTotal("Stored value", 4, 23300),
        TenderTotal("Meituan", 3, 22000),
    ),
    others=(
        OtherIncome("Top-up", 2, "WeChat", 100000, gift=Reduction("given on top (not paid)", 10000)),
        OtherIncome("Deposit", 1, "Cash", 20000),
    ),
    platforms=(PlatformDue("WeChat", 511843, 3500, with_top_ups=True), PlatformDue("Alipay", 192040, 1200)),
    cash=replace(
        chinese.SHIFT_Z.cash,  # type: ignore[type-var]
        movements=(
            CashMovement(Movement.DEPOSITS, 20000),
            CashMovement(Movement.PAID_OUT, 4500, "coin bags"),
            CashMovement(Movement.DROP, 100000, "0317"),
        ),
        reason="Wrong change (counted twice)",
    ),
)
