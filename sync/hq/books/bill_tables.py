"""Tables of bills, matching, days and jobs. `store` is a store, or `@platform:merchant` for an account's days."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")
_MARKED: dict[str, Any] = {"sqlite_where": text("mark > 0"), "postgresql_where": text("mark > 0")}
"""Of years of days the few that something came for: jobs ask for them every two seconds."""


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


bill = Table(
    "bill",
    metadata,
    _key("store"),
    _key("day"),
    _key("kind"),
    Column("version", _Big, primary_key=True, autoincrement=False),
    Column("sha256", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("bytes", _Big, nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_ms", _Big, nullable=False),
)
"""A file that was kept: of an account's day, the highest version counts. `form` is blank for the platform's own form,
else the name of a mapping."""

account_day = Table(
    "account_day",
    metadata,
    _key("store"),
    _key("day"),
    Column("bill_state", Text, nullable=False),
    Column("tries", _Big, nullable=False),
    Column("next_fetch_ms", _Big, nullable=False),
    Column("fetch_code", Text),
    Column("mark", _Big, nullable=False),
    Column("again_at_ms", _Big),
    Column("matched", Text),
    Column("matched_at_ms", _Big),
    Column("refused", Text),
    Column("payout", Text),
    Column("payout_line", Text),
    Index("account_day_by_day", "day"),
    Index("account_day_marked", "day", "store", **_MARKED),
)
"""A day of a merchant account: whether its bill is here, what its last match said, which bank line paid it.

`mark` counts what came since the last match; 0 is nothing. `matched` is the body of the last `bill.matched`.
"""

store_account_day = Table(
    "store_account_day",
    metadata,
    _key("store"),
    _key("day"),
    _key("account"),
    _key("platform_day"),
    Index("store_account_day_of_account", "account", "platform_day"),
)
"""On which platform days of which accounts money of a store's business day moved."""

outstanding = Table(
    "outstanding",
    metadata,
    _key("store"),
    _key("kind"),
    _key("number"),
    Column("day", Text, nullable=False),
    Column("amount_fen", _Big, nullable=False),
    Column("source", Text, nullable=False),
    Index("outstanding_of_day", "store", "day"),
    Index("outstanding_of_source", "source"),
)
"""What keeps a store's day provisional. `source` names the account's day whose match waits for another bill."""

store_day = Table(
    "store_day",
    metadata,
    _key("store"),
    _key("day"),
    Column("state", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("addenda", _Big, nullable=False),
    Column("late", _Big, nullable=False),
    Column("mark", _Big, nullable=False),
    Column("at_ms", _Big, nullable=False),
    Index("store_day_by_day", "day", "state"),
    Index("store_day_marked", "day", "store", **_MARKED),
)
"""A store's business day as it was last computed. `late` counts facts that came after its close and are not told of."""

store_cash = Table(
    "store_cash",
    metadata,
    _key("store"),
    Column("slips_fen", _Big, nullable=False),
    Column("missing", Text, nullable=False),
)
"""How much of a store's cash has slips, and between which sums of it ("from-to,…") the bank's line is missing."""

fee_contract = Table(
    "fee_contract",
    metadata,
    _key("store"),
    _key("method"),
    _key("first_day"),
    Column("last_day", Text),
    Column("rate_ppm", _Big, nullable=False),
    Column("rounding", Text, nullable=False),
    Column("gives_back", Boolean, nullable=False),
)
"""`store` is `@platform:merchant`, or `@platform:` for all of a platform; a blank `method` or `first_day` is any."""

seen_entry = Table(
    "seen_entry",
    metadata,
    _key("store"),
    Column("epoch", _Big, primary_key=True, autoincrement=False),
    Column("next_seq", _Big, nullable=False),
)
"""Up to which entry of an epoch the books have read."""

job = Table(
    "job",
    metadata,
    _key("name"),
    Column("next_at_ms", _Big, nullable=False),
    Column("began_at_ms", _Big, nullable=False),
    Column("ended_at_ms", _Big),
    Column("failures", _Big, nullable=False),
    Column("code", Text),
    Column("detail", Text, nullable=False),
)
"""What became of a job's last run that did something or broke."""

looked_at = Table(
    "looked_at",
    metadata,
    _key("what"),
    Column("seen", Text, nullable=False),
)
"""What a job saw last of something that has no mark of its own: it looks closer only when that changed."""

job_lease = Table(
    "job_lease",
    metadata,
    _key("name"),
    Column("holder", Text, nullable=False),
    Column("until_ms", _Big, nullable=False),
)
"""Which process runs the jobs, and until when nobody else does."""
