"""Whose bill a file is, by its first bytes; and whether it is the one that was announced."""

import gzip
from hashlib import sha1, sha256
from pathlib import Path

import pytest

from agent.core.errors import Refused
from sync.platforms.bill_files import open_bill
from sync.platforms.wechat.bills import read

BILLS = Path(__file__).resolve().parents[3] / "data" / "bills"
TEXT = (BILLS / "wechat_all.csv").read_bytes()
EXPECTED = list(read(TEXT))


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        b"\xef\xbb\xbf" + TEXT,
        gzip.compress(TEXT),
        TEXT.decode().encode("gb18030"),
        gzip.compress(TEXT.decode().encode("gbk")),
        TEXT.replace(b"\n", b"\r\n"),
    ],
)
def test_wechats_text_however_it_is_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bill"
    path.write_bytes(content)
    bill = open_bill(path)
    assert (bill.platform, bill.sha256) == ("wechat", sha256(content).hexdigest())
    assert list(bill.lines()) == EXPECTED


def test_the_announced_hash_may_be_of_the_plain_text_or_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bill.gz"
    path.write_bytes(gzip.compress(TEXT))
    for expected in (sha1(TEXT).hexdigest().upper(), sha256(TEXT).hexdigest(), sha256(path.read_bytes()).hexdigest()):
        assert list(open_bill(path, expected).lines()) == EXPECTED
    for wrong in ("0" * 40, "0" * 64, "short"):
        with pytest.raises(Refused, match=r"bill\.hash_differs"):
            open_bill(path, wrong)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"\x00" * 100, b"<xml></xml>", b"date,amount\n"])
def test_what_is_nobodys_bill(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bill"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"bill\.unknown_form"):
        open_bill(path)


@pytest.mark.parametrize(
    "content", [TEXT[:-400], gzip.compress(TEXT)[:-20], TEXT.decode().encode("gbk")[:-300], b"PK\x03\x04"]
)
def test_a_download_that_was_cut_off_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bill"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(open_bill(path).lines())
