"""Every code that the store raises or reports has its sentences."""

import re
from pathlib import Path

import agent.store
from agent.core.sentences_store import SENTENCES

FOLDERS = "store|journal|chain|seal|views|receipt|backup|spool|idempotency"
SOURCES = [*Path(agent.store.__file__).parent.glob("*.py")]


def test_every_code_has_sentences_and_no_other() -> None:
    text = "\n".join(source.read_text() for source in SOURCES)
    used = set(re.findall(rf'"((?:{FOLDERS})\.[a-z_]+)"', text)) - {"journal.db"}
    assert used == set(SENTENCES)


def test_sentences_are_short_and_blame_nobody() -> None:
    for code, texts in SENTENCES.items():
        assert all(texts), code
        assert len(texts[0]) <= 16, code
        assert not re.search("系统错误|失败|异常", "".join(texts)), code
