"""Offline packets without a headquarters that runs: its keys, and a packet as `store packet` makes it."""

from pathlib import Path

from agent.core.chain import Identity
from sync.hq.keys import HqKeys
from sync.packet import NONCE_BYTES, SALT_BYTES, seal

CODE, OTHER_CODE = "7K2M9QXD", "00000000"
MADE_AT_MS = 1_795_000_000_000
LIFE_MS = 72 * 3600 * 1000


def packet(
    keys: HqKeys,
    store: str = "S001",
    code: str = CODE,
    *,
    made_at_ms: int = MADE_AT_MS,
    epoch: int = 1,
    box: str = "B1",
) -> bytes:
    """Return the file of a packet."""
    who = Identity(store, box, epoch)
    grant = {"store": store, "box": box, "epoch": epoch, "packet": "00" * 16, "mode": "new"}
    times = {"made_at_ms": made_at_ms, "expires_at_ms": made_at_ms + LIFE_MS}
    content = {
        "store": store,
        "box": box,
        "epoch": epoch,
        "hq_url": "http://127.0.0.1:9",
        "root_public_key": keys.root_public_key.hex(),
        "key_list": dict(keys.key_list),
        "previous": None,
        "grant": keys.signed_grant(who, {**grant, **times}),
        "directives": [],
    }
    return seal(content, code, bytes(SALT_BYTES), bytes(NONCE_BYTES))


def hq_keys(folder: Path) -> HqKeys:
    """Return the keys of a headquarters."""
    return HqKeys.load_or_create(folder)
