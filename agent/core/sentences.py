"""What a person reads for each code: title, detail and remedy in Chinese and English, with the values filled in.

Money first, then one thing to do. The sentences stand in `agent.core.sentences_NOUN`; here they meet their values:

- an amount `NAME_fen` is written in yuan under NAME: `{due}` is `36.00` for `due_fen=3600`;
- roles, acts, tenders, platforms, states and drawer movements are written as words, a code inside a value as its title;
- a value that is missing is written `—`, characters that do not print as `□`: filling in never raises.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from agent.core.errors import Family, StoreboxError
from agent.core.money import yuan
from agent.core.sentences_alarms import SENTENCES as ALARMS
from agent.core.sentences_bank import SENTENCES as BANK
from agent.core.sentences_box import SENTENCES as BOX
from agent.core.sentences_codes import CODES, Texts
from agent.core.sentences_commissioning import SENTENCES as COMMISSIONING
from agent.core.sentences_counter import SENTENCES as COUNTER
from agent.core.sentences_days import SENTENCES as DAYS
from agent.core.sentences_demo import SENTENCES as DEMO
from agent.core.sentences_device import SENTENCES as DEVICE
from agent.core.sentences_diagnosis import SENTENCES as DIAGNOSIS
from agent.core.sentences_drill import SENTENCES as DRILL
from agent.core.sentences_fleet import SENTENCES as FLEET
from agent.core.sentences_lookup import SENTENCES as LOOKUP
from agent.core.sentences_matching import SENTENCES as MATCHING
from agent.core.sentences_office import SENTENCES as OFFICE
from agent.core.sentences_passes import SENTENCES as PASSES
from agent.core.sentences_payment import PLATFORM_WORDS, TENDER_WORDS
from agent.core.sentences_payment import SENTENCES as PAYMENT
from agent.core.sentences_rescue import SENTENCES as RESCUE
from agent.core.sentences_sale import SENTENCES as SALE
from agent.core.sentences_setup import SENTENCES as SETUP
from agent.core.sentences_shift import MOVEMENT_WORDS
from agent.core.sentences_shift import SENTENCES as SHIFT
from agent.core.sentences_slip import SENTENCES as SLIP
from agent.core.sentences_staff import ACT_WORDS, ROLE_WORDS
from agent.core.sentences_staff import SENTENCES as STAFF
from agent.core.sentences_store import SENTENCES as STORE
from agent.core.sentences_sync import SENTENCES as SYNC
from agent.core.sentences_upgrade import SENTENCES as UPGRADE
from agent.core.sentences_wish import SENTENCES as WISH

Values = Mapping[str, int | str | None]
Words = Mapping[str, tuple[str, str]]

TABLES: tuple[Mapping[str, Texts], ...] = (
    CODES,
    STORE,
    SALE,
    PAYMENT,
    LOOKUP,
    PASSES,
    SHIFT,
    STAFF,
    DEVICE,
    COUNTER,
    SLIP,
    BOX,
    COMMISSIONING,
    SYNC,
    DEMO,
    WISH,
    OFFICE,
    MATCHING,
    BANK,
    ALARMS,
    DAYS,
    SETUP,
    FLEET,
    DIAGNOSIS,
    DRILL,
    UPGRADE,
    RESCUE,
)
"""Every table of sentences; no code stands in two of them."""

MISSING = "—"
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PLACE = re.compile(r"\{(\w+)\}")
_ALL: dict[str, Texts] = {code: texts for table in TABLES for code, texts in table.items()}

STATE_WORDS: Words = {
    "open": ("未完成", "open"),
    "held": ("已挂单", "held"),
    "paying": ("已合计,在收款", "being paid"),
    "completed": ("已付清", "paid"),
    "cancelled": ("已取消", "cancelled"),
    "closed": ("已关闭", "closed"),
    "parked": ("先放一边", "parked"),
    "paid": ("已收到", "paid"),
    "declined": ("没付成", "declined"),
    "reversed": ("已撤销", "reversed"),
    "never_existed": ("没有发生", "never happened"),
    "queued": ("在排队", "queued"),
    "sending": ("正在打", "printing"),
    "printed": ("已打出", "printed"),
    "printed_unverified": ("应已打出", "printed, not verified"),
    "unconfirmed": ("待确认", "unconfirmed"),
    "not_printed": ("没有打", "not printed"),
}
_WORDS_OF: Mapping[str, Words] = {
    "act": ACT_WORDS,
    "role": ROLE_WORDS,
    "needed": ROLE_WORDS,
    "kind": TENDER_WORDS,
    "platform": PLATFORM_WORDS,
    "state": STATE_WORDS,
    "before": STATE_WORDS,
    "after": STATE_WORDS,
    "movement": MOVEMENT_WORDS,
}
_UNKNOWN: Mapping[Family | None, Texts] = {
    Family.UNKNOWN_OUTCOME: (
        "还不知道做成没有",
        "先别再收一次钱。请看最近的单子里有没有这一笔。",
        "Not known whether it was done",
        "Take no money again yet. See whether it is among the latest sales.",
        "代码 {code}:新版本才有说明;按代码问总部。",
        "Code {code}: a newer release explains it; ask HQ by this code.",
    ),
    Family.BROKEN: (
        "盒子里有东西不对",
        "已记的账都在。请叫技术员,告诉他代码 {code}。",
        "Something in the box is not right",
        "What was booked is kept. Please call the technician and tell the code {code}.",
        "把诊断包发给总部:storebox bundle;代码 {code}。",
        "Send a bundle to HQ: storebox bundle; code {code}.",
    ),
    None: (
        "这一步没有做",
        "请看屏上的单子再决定。代码 {code}。",
        "This step was not done",
        "Please look at the sale on the screen first. Code {code}.",
        "代码 {code}:新版本才有说明;按代码问总部。",
        "Code {code}: a newer release explains it; ask HQ by this code.",
    ),
}


class Sentence(NamedTuple):
    """What is said about one code, values filled in. A remedy may be empty: then there is nothing to repair."""

    zh_title: str
    zh_detail: str
    en_title: str
    en_detail: str
    zh_remedy: str
    en_remedy: str


def sentence_of(error: StoreboxError) -> Sentence:
    """Return what is said about an error."""
    return sentence_for(error.code, error.values, error.family)


def sentence_for(code: str, values: Values | None = None, family: Family | None = None) -> Sentence:
    """Return what is said about a code; an unknown one gets a sentence true for its family that names the code."""
    texts = _ALL.get(code)
    given: Values = values or {}
    if texts is None:
        texts, given = _UNKNOWN.get(family, _UNKNOWN[None]), {"code": code}
    zh, en = _written(given, 0), _written(given, 1)
    zh_title, zh_detail, en_title, en_detail, zh_remedy, en_remedy = texts
    return Sentence(
        _filled(zh_title, zh),
        _filled(zh_detail, zh),
        _filled(en_title, en),
        _filled(en_detail, en),
        _filled(zh_remedy, zh),
        _filled(en_remedy, en),
    )


def known_codes() -> frozenset[str]:
    """Return every code that has sentences."""
    return frozenset(_ALL)


def help_code(code: str) -> str:
    """Return the four characters to read out on the telephone; the same for a code in every release."""
    return "".join(_ALPHABET[byte % 32] for byte in sha256(code.encode()).digest()[:4])


def code_of_help(helping: str) -> str | None:
    """Return the code whose four characters somebody read out, in either case; None when there is none."""
    wanted = helping.strip().upper()
    return next((code for code in _ALL if help_code(code) == wanted), None)


def _filled(template: str, written: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: written.get(place[1], MISSING), template)


def _written(values: Values, language: int) -> dict[str, str]:
    written = {}
    for name, value in values.items():
        if name.endswith("_fen") and isinstance(value, int):
            written[name.removesuffix("_fen")] = yuan(value)
        written[name] = _word(name, value, language)
    return written


def _word(name: str, value: int | str | None, language: int) -> str:
    if value is None or value == "":
        return MISSING
    if not isinstance(value, str):
        return str(value)
    words = _WORDS_OF.get(name, {}).get(value)
    if words is not None:
        return words[language]
    inner = _ALL.get(value)
    if inner is not None and not _PLACE.search(inner[language * 2]):
        return inner[language * 2]
    return "".join(character if character.isprintable() else "□" for character in value)
