"""iconv and Node read the Chinese of our slips: two codecs that aren't Python's."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from agent.settings import shipped
from drivers.printer.encoder import encode
from drivers.printer.profiles import load_profile

WORDS = "花园便利店，谢谢惠顾：￥15.50（含税）《发票》—…·、。％＃＠①②③ⅠⅡⅢαβγ々〆囍镕龘臺灣㐂䶮"
"""Two-byte characters of GB2312 and of GBK, and four-byte ones of GB18030's basic plane."""


def _by_iconv(data: bytes) -> str:
    if shutil.which("iconv") is None:
        pytest.skip("no iconv: apt-get install libc-bin")
    done = subprocess.run(["iconv", "-f", "GB18030", "-t", "UTF-8"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def _by_node(data: bytes) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: apt-get install nodejs npm")
    program = "process.stdout.write(new TextDecoder('gb18030').decode(require('fs').readFileSync(0)))"
    return subprocess.run([node, "-e", program], input=data, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("judge", [_by_iconv, _by_node])
def test_the_text_of_a_slip_is_read_as_it_was_meant(judge: Callable[[bytes], str]) -> None:
    profile = load_profile(shipped("devices/tm-t88.toml"))
    blocks = [{"kind": "text", "text": text} for text in ("after the prologue", *WORDS)]
    lines = encode({"title": "t", "language": "zh-CN", "blocks": blocks}, profile).split(b"\n")
    assert [judge(line) for line in lines[1 : len(WORDS) + 1]] == list(WORDS)
