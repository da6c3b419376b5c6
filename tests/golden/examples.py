"""Every slip that has goldens, by the golden's name; English ones end in `_en`."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from agent.core import receipt
from agent.core.drill import Step, StepState
from agent.core.receipt_diagnosis import examination_document
from agent.core.receipt_kitchen import kitchen_document, label_document, stand_in_document
from agent.core.receipt_parts import Document, as_copy
from agent.core.receipt_setup import invitation_document, self_test_document
from agent.diagnosis.drill_slip import advice, pass_slip
from agent.services.language import translator
from tests.golden import english_examples as english
from tests.golden import kitchen_examples as kitchen
from tests.golden import more_examples as more
from tests.golden import slip_examples as chinese
from tests.golden.diagnosis_examples import DRILLED, EXAMINED, EXAMINED_EN, EXAMINED_WELL
from tests.golden.setup_examples import INVITATION, SELF_TEST, SELF_TEST_80MM

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZH = translator("zh-CN")
EN = translator("en")

SLIPS: dict[str, Callable[[int], Document]] = {
    "sale": lambda _: receipt.sale_document(chinese.SALE, ZH),
    "sale_copy": lambda _: as_copy(receipt.sale_document(chinese.SALE, ZH), 2, ZH),
    "refund": lambda _: receipt.refund_document(chinese.REFUND, ZH),
    "shift_z": lambda _: receipt.shift_document(chinese.SHIFT_Z, ZH),
    "prebill": lambda _: receipt.prebill_document(chinese.PREBILL, ZH),
    "pending": lambda _: receipt.pending_document(chinese.PENDING, ZH),
    "self_test": lambda cells: self_test_document(SELF_TEST if cells < 42 else SELF_TEST_80MM, ZH),
    "invitation": lambda _: invitation_document(INVITATION, ZH),
    "day": lambda _: receipt.day_document(more.DAY, ZH),
    "drop": lambda _: receipt.drawer_document(more.DROP, ZH),
    "examination": lambda _: examination_document(EXAMINED, ZH),
    "examination_well": lambda _: examination_document(EXAMINED_WELL, ZH),
    "drill": lambda _: pass_slip(DRILLED, SHANGHAI, "zh-CN"),
    "drill_step": lambda _: advice(Step.PAPER, StepState.BROKEN, "zh-CN"),
    "card": lambda _: receipt.command_card_document(more.CARD, ZH),
    "kitchen": lambda _: kitchen_document(kitchen.KITCHEN, ZH),
    "kitchen_stand_in": lambda _: stand_in_document(kitchen_document(kitchen.KITCHEN, ZH), "kitchen", True, ZH),
    "label": lambda _: label_document(kitchen.LABEL, ZH),
    "sale_en": lambda _: receipt.sale_document(english.SALE, EN, "en"),
    "sale_copy_en": lambda _: as_copy(receipt.sale_document(english.SALE, EN, "en"), 2, EN),
    "refund_en": lambda _: receipt.refund_document(english.REFUND, EN, "en"),
    "shift_z_en": lambda _: receipt.shift_document(english.SHIFT_Z, EN, "en"),
    "day_en": lambda _: receipt.day_document(more.DAY_EN, EN, "en"),
    "drop_en": lambda _: receipt.drawer_document(more.DROP_EN, EN, "en"),
    "kitchen_en": lambda _: kitchen_document(kitchen.KITCHEN_EN, EN, "en"),
    "kitchen_stand_in_en": lambda _: stand_in_document(
        kitchen_document(kitchen.KITCHEN_EN, EN, "en"), "kitchen", False, EN
    ),
    "label_en": lambda _: label_document(kitchen.LABEL_EN, EN, "en"),
    "examination_en": lambda _: examination_document(EXAMINED_EN, EN, "en"),
    "drill_en": lambda _: pass_slip(DRILLED, SHANGHAI, "en"),
    "card_en": lambda _: receipt.command_card_document(more.CARD_EN, EN, "en"),
}
"""Each makes its document for paper of so many cells; only the printer's own test knows which printer it is on."""
