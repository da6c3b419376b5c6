"""The view tables. Every cell comes from entries alone, so that a rebuild gives the same rows."""

SCHEMA: tuple[str, ...] = (
    """CREATE TABLE view_sale(
        sale TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        reference TEXT, calling TEXT, till TEXT NOT NULL, shift TEXT, staff TEXT NOT NULL, day TEXT NOT NULL,
        total_fen INTEGER NOT NULL, paid_fen INTEGER NOT NULL,
        refunds INTEGER NOT NULL DEFAULT 0, refunded_fen INTEGER NOT NULL DEFAULT 0,
        portal_fen INTEGER NOT NULL DEFAULT 0) STRICT""",
    "CREATE UNIQUE INDEX view_sale_reference ON view_sale(reference) WHERE reference IS NOT NULL",
    """CREATE TABLE view_refund(
        refund TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        sale TEXT, reference TEXT, till TEXT NOT NULL, shift TEXT, day TEXT NOT NULL, total_fen INTEGER NOT NULL)
        STRICT""",
    "CREATE UNIQUE INDEX view_refund_reference ON view_refund(reference) WHERE reference IS NOT NULL",
    """CREATE TABLE view_refunded_line(
        sale TEXT NOT NULL, line INTEGER NOT NULL, units INTEGER NOT NULL, amount_fen INTEGER NOT NULL,
        PRIMARY KEY(sale, line)) STRICT""",
    """CREATE TABLE view_refunded_tender(
        sale TEXT NOT NULL, tender INTEGER NOT NULL, amount_fen INTEGER NOT NULL, PRIMARY KEY(sale, tender)) STRICT""",
    """CREATE TABLE view_attempt(
        attempt TEXT PRIMARY KEY, sale TEXT NOT NULL, till TEXT NOT NULL, shift TEXT, staff TEXT NOT NULL,
        day TEXT NOT NULL, platform TEXT NOT NULL, method TEXT NOT NULL, amount_fen INTEGER NOT NULL,
        code_tail TEXT NOT NULL, state TEXT NOT NULL, parked INTEGER NOT NULL DEFAULT 0,
        undoing INTEGER NOT NULL DEFAULT 0, started_ms INTEGER NOT NULL,
        ended_ms INTEGER, txn TEXT, customer_paid_fen INTEGER NOT NULL DEFAULT 0,
        platform_discount_fen INTEGER NOT NULL DEFAULT 0, code TEXT, used INTEGER NOT NULL DEFAULT 0,
        merchant TEXT NOT NULL, custody TEXT NOT NULL, expires_ms INTEGER, platform_at_ms INTEGER,
        merchant_discount_fen INTEGER NOT NULL DEFAULT 0) STRICT""",
    "CREATE UNIQUE INDEX view_attempt_txn ON view_attempt(platform, txn) WHERE txn IS NOT NULL",
    "CREATE INDEX view_attempt_open ON view_attempt(state) WHERE state IN ('open', 'parked')",
    "CREATE INDEX view_attempt_ended ON view_attempt(till, ended_ms) WHERE ended_ms IS NOT NULL",
    "CREATE INDEX view_attempt_day ON view_attempt(day)",
    "CREATE INDEX view_attempt_unused ON view_attempt(state) WHERE state = 'paid' AND used = 0",
    """CREATE TABLE view_platform_refund(
        out_refund_no TEXT PRIMARY KEY, refund TEXT, attempt TEXT NOT NULL, platform TEXT NOT NULL,
        till TEXT NOT NULL, shift TEXT, staff TEXT NOT NULL, day TEXT NOT NULL, amount_fen INTEGER NOT NULL,
        orphan INTEGER NOT NULL, state TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER,
        txn TEXT, code TEXT) STRICT""",
    "CREATE INDEX view_platform_refund_attempt ON view_platform_refund(attempt)",
    "CREATE INDEX view_platform_refund_day ON view_platform_refund(day)",
    "CREATE INDEX view_platform_refund_open ON view_platform_refund(state) WHERE state = 'started'",
    "CREATE INDEX view_platform_refund_ended ON view_platform_refund(till, ended_ms) WHERE ended_ms IS NOT NULL",
    """CREATE TABLE view_pass(
        kind TEXT NOT NULL, subject TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(kind, subject)) STRICT""",
    """CREATE TABLE view_shift(
        shift TEXT PRIMARY KEY, till TEXT NOT NULL, day TEXT NOT NULL, staff TEXT NOT NULL, state TEXT NOT NULL,
        opened_ms INTEGER NOT NULL, closed_ms INTEGER, float_fen INTEGER NOT NULL, z_number INTEGER,
        counted_fen INTEGER, expected_fen INTEGER, first_row INTEGER NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX view_shift_open ON view_shift(till) WHERE state = 'open'",
    """CREATE TABLE view_day(
        day TEXT PRIMARY KEY, state TEXT NOT NULL, opened_ms INTEGER NOT NULL, closed_ms INTEGER, staff TEXT NOT NULL)
        STRICT""",
    """CREATE TABLE view_total(
        shift TEXT NOT NULL, day TEXT NOT NULL, measure TEXT NOT NULL, name TEXT NOT NULL,
        count INTEGER NOT NULL, amount_fen INTEGER NOT NULL, PRIMARY KEY(day, shift, measure, name)) STRICT""",
    """CREATE TABLE view_account(
        day TEXT NOT NULL, account TEXT NOT NULL, amount_fen INTEGER NOT NULL, PRIMARY KEY(day, account)) STRICT""",
    """CREATE TABLE view_slip(
        slip TEXT PRIMARY KEY, purpose TEXT NOT NULL, subject TEXT, copy INTEGER NOT NULL,
        state TEXT NOT NULL) STRICT""",
    """CREATE TABLE view_bill(
        platform TEXT NOT NULL, merchant TEXT NOT NULL, bill_day TEXT NOT NULL, sha256 TEXT NOT NULL,
        state TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY(platform, merchant, bill_day)) STRICT""",
    """CREATE TABLE view_difference(
        difference TEXT PRIMARY KEY, platform TEXT NOT NULL, merchant TEXT NOT NULL, bill_day TEXT NOT NULL,
        state TEXT NOT NULL, found_ms INTEGER NOT NULL, body TEXT NOT NULL, settlement TEXT, settled_by TEXT) STRICT""",
    "CREATE INDEX view_difference_day ON view_difference(platform, merchant, bill_day)",
    "CREATE INDEX view_difference_open ON view_difference(state) WHERE state = 'open'",
)

TABLES: tuple[str, ...] = (
    "view_sale",
    "view_refund",
    "view_refunded_line",
    "view_refunded_tender",
    "view_attempt",
    "view_platform_refund",
    "view_pass",
    "view_shift",
    "view_day",
    "view_total",
    "view_account",
    "view_slip",
    "view_bill",
    "view_difference",
)
