"""Tables of commissioning; every key begins with the store, as in `sync.hq.tables`."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")


enrolment_outcome = Table(
    "enrolment_outcome",
    metadata,
    Column("store", Text, primary_key=True),
    Column("at_ms", _Big, primary_key=True, autoincrement=False),
    Column("public_key", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("box", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("typed", Boolean, nullable=False),
    Column("epoch", _Big),
)
"""What became of each request to enrol: `code`, who sent it from where (`sender`), whose token it was."""

enrolment_refusals = Table(
    "enrolment_refusals",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("began_ms", _Big, primary_key=True, autoincrement=False),
    Column("refusals", _Big, nullable=False),
)
"""Refused requests to enrol in a window of time, of an address and in all; which store they name is unproven."""

packet = Table(
    "enrolment_packet",
    metadata,
    Column("store", Text, primary_key=True),
    Column("packet", Text, primary_key=True),
    Column("box", Text, nullable=False),
    Column("epoch", _Big, nullable=False),
    Column("mode", Text, nullable=False),
    Column("made_at_ms", _Big, nullable=False),
    Column("expires_at_ms", _Big, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("used_by_key", Text),
    Column("opened_at_ms", _Big),
    Column("used_at_ms", _Big),
    Index("enrolment_packet_of_epoch", "store", "epoch"),
)
"""Offline packets: each holds an epoch for the first box that comes with it."""

report = Table(
    "box_report",
    metadata,
    Column("store", Text, primary_key=True),
    Column("epoch", _Big, primary_key=True, autoincrement=False),
    Column("sha256", Text, primary_key=True),
    Column("received_at_ms", _Big, nullable=False),
    Column("closed_loop", Boolean, nullable=False),
    Column("body", Text, nullable=False),
)
"""Reports of self-tests as boxes signed them; `closed_loop`: a slip was printed and scanned back."""

planned_store = Table(
    "rollout_store",
    metadata,
    Column("store", Text, primary_key=True),
    Column("tills", _Big, nullable=False),
    Column("technician", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("imported_at_ms", _Big, nullable=False),
)
"""What the sheet of a roll-out says of a store; `day` and `technician` may be blank, `network` is canonical JSON."""
