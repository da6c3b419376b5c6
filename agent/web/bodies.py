"""The bodies of the local API. Unknown fields and wrong types are refused: `request.malformed` names the field."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agent.core.sale import QUANTITY_MAX

Text = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Fen = Annotated[int, Field(ge=0, le=10**11)]


class Body(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NoBody(Body):
    """`{}`."""


class ApprovalBody(Body):
    """The second person and his PIN."""

    staff: Name
    pin: Name


class Approvable(Body):
    """A change that may need a second person."""

    approval: ApprovalBody | None = None


class LoginBody(Body):
    """Who logs in at which till."""

    staff: Name
    pin: Name
    till: Name


class ScanBody(Body):
    """A code as it was read or typed."""

    text: Annotated[str, Field(max_length=4096)]


class ChoiceBody(Body):
    """Which reading of a code with two readings is meant."""

    choice: Name
    index: Annotated[int, Field(ge=0, le=20)]


class AddBody(Body):
    """An item by its number or barcode; a weighed one also with what lies on the till's scale.

    `again`: a weighing that was sold is sold once more.
    """

    code: Name
    quantity: int = 1
    price_fen: Fen | None = None
    from_scale: bool = False
    again: bool = False


class QuantityBody(Body):
    """Pieces or grams."""

    quantity: int


class PriceBody(Approvable):
    """Another unit price."""

    price_fen: Fen


class DiscountBody(Approvable):
    """An amount or a percentage off."""

    reason: Text
    amount_fen: Fen | None = None
    percent: int | None = None


class HoldBody(Body):
    """A word by which the held basket is found."""

    label: Text = ""


class ReasonBody(Approvable):
    """Why."""

    reason: Text = ""


class TenderBody(Approvable):
    """One tender. `given_fen` for cash, `auth_code` for a wallet, `reference` for what the cashier types.

    `method` is `qr` for a code on the shop's screen, `phone` for an order that the customer's own phone opens.
    """

    kind: Name
    given_fen: Fen | None = None
    amount_fen: Fen | None = None
    reference: Text | None = None
    auth_code: Annotated[str, Field(min_length=10, max_length=64, pattern=r"^[0-9A-Za-z]+$")] | None = None
    method: Annotated[str, Field(pattern="^(qr|phone)$")] | None = None


class LookupBody(Body):
    """A number of the customer's bill; or an amount and a time, and how far around it is looked."""

    number: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    amount_fen: Annotated[int, Field(ge=1, le=10**11)] | None = None
    paid_at_ms: Annotated[int, Field(ge=0, le=2**53)] | None = None
    within_min: Annotated[int, Field(ge=1, le=60)] = 15


class DiscountData(Body):
    """A reduction that another till calculated."""

    reason: Text
    amount_fen: Fen
    funded_by: Text = "store"


class LineData(Body):
    """A line that another till calculated."""

    sku: Text
    name: Text
    quantity: int
    unit: Annotated[str, Field(pattern="^(pc|g)$")] = "pc"
    price_fen: Fen | None = None
    list_fen: Fen
    discounts: list[DiscountData] = []
    tax_code: Text = ""
    tax_bp: Annotated[int, Field(ge=0, le=10_000)] = 0
    department: Text = ""


class TenderData(Body):
    """Money that another till took."""

    kind: Name
    amount_fen: Fen
    given_fen: Fen | None = None
    reference: Text | None = None


class SaleBody(Body):
    """A whole sale of a third-party till."""

    reference: Name
    lines: Annotated[list[LineData], Field(min_length=1, max_length=500)]
    tenders: Annotated[list[TenderData], Field(max_length=20)]


class RefundBody(Approvable):
    """What goes back of a sale: units by line, or all that is left."""

    lines: dict[Annotated[str, Field(pattern=r"^[0-9]{1,6}$")], int] | None = None
    reason: Text
    in_cash: bool = False


class GoodsData(Body):
    """Goods that come back without a receipt."""

    sku: Text = ""
    name: Name
    quantity: Annotated[int, Field(ge=0, le=QUANTITY_MAX)] = 1
    unit: Annotated[str, Field(pattern="^(pc|g)$")] = "pc"
    total_fen: Fen


class GoodsRefundBody(Approvable):
    """A refund without a receipt."""

    lines: Annotated[list[GoodsData], Field(min_length=1, max_length=100)]
    reason: Text


class ConfirmBody(Body):
    """Whether the slip came out."""

    printed: bool


class DayCloseBody(Approvable):
    """`forced_reason` closes over open shifts."""

    forced_reason: Text | None = None


class ShiftOpenBody(Body):
    """The counted float."""

    float_fen: Fen


class ShiftCloseBody(Approvable):
    """A blind count, pieces by denomination in fen; `recounted` after the count differed once."""

    denominations: dict[Annotated[str, Field(pattern=r"^[0-9]{1,6}$")], int]
    reason: Text | None = None
    recounted: bool = False


class DrawerBody(Approvable):
    """Cash in or out without a sale."""

    movement: Name
    amount_fen: Fen = 0
    reason: Text = ""
    reference: Text | None = None
