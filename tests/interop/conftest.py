"""Programs of others that judge ours. They are installed by `make test`, never by pytest."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

INSTALLED = Path(__file__).parents[2] / "build" / "interop"
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
"""Runs receiptio with arguments; `source` is the receipt on its standard input."""

RECEIPT = """\
^^花园便利店

可乐 | 2 | 7.00
雪碧,大瓶 | 1| 8.50
---
^合计 | ^15.50
{code:https://example.cn/r/1;option:qrcode,4,m}
{code:6901234567892;option:ean13,2,60,hri}
谢谢惠顾 ，。￥
"""
"""A receipt in the language of receiptline."""


@pytest.fixture(scope="session")
def receiptio() -> Run:
    """The foreign host and encoder."""
    node = shutil.which("node")
    program = INSTALLED / "node_modules" / "receiptio" / "bin" / "cli.js"
    if node is None:
        pytest.skip("no node: apt-get install nodejs npm, then make build/interop/.ready")
    if not program.is_file():
        pytest.skip("receiptio is not installed: make build/interop/.ready")

    def run(*arguments: str, source: str = RECEIPT) -> "subprocess.CompletedProcess[bytes]":
        command = [node, str(program), *arguments]
        return subprocess.run(command, input=source.encode(), capture_output=True, check=False, timeout=60)

    return run
