"""The reference slips of a kitchen and a drinks counter: the same lunch, in Chinese and English."""

from agent.core.receipt_kitchen import Dish, KitchenSlip, Label

KITCHEN = KitchenSlip(
    sale="S001-2-000421",
    calling="A042",
    till="2",
    written_at="12:41:07",
    dishes=(
        Dish("剁椒鱼头(微辣)", "1"),
        Dish("小炒黄牛肉", "2"),
        Dish("柴火灶现炒农家土鸡蛋配手工辣椒酱", "12"),
        Dish("基围虾", "0.435kg"),
    ),
    place="B12",
)
KITCHEN_EN = KitchenSlip(
    sale="S001-2-000421",
    calling="A042",
    till="2",
    written_at="12:41:07",
    dishes=(Dish("Fish head, chopped chilli (mild)", "1"), Dish("Stir-fried yellow beef", "2")),
    place="window seat",
)
LABEL = Label("A042", "珍珠奶茶(大杯)", 2, 3, "12:41", "B12")
LABEL_EN = Label("A042", "Pearl milk tea (large)", 2, 3, "12:41", quantity="12")
