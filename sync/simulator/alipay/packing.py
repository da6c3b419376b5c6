"""How Alipay packs a bill: details and summary, names and contents in GBK, in a ZIP."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta

from sync.platforms.amounts import platform_time


class _GbkName(zipfile.ZipInfo):
    """An entry whose name is GBK without the mark of UTF-8, as the platform writes it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - named by the standard library
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def details(kind: str, account: str, day: date, rows: Sequence[str], totals: Sequence[str], at_ms: int) -> list[str]:
    """Return the lines of a details' file; `kind` is 业务 or 账务, the first row the header."""
    begins, ends = f"#{'-' * 41}{kind}明细列表{'-' * 40}", f"#{'-' * 41}{kind}明细列表结束{'-' * 36}"
    return [f"#支付宝{kind}明细查询", *_head(account, day), begins, *rows, ends, *totals, _made(at_ms)]


def summary(kind: str, account: str, day: date, rows: Sequence[str], at_ms: int) -> list[str]:
    """Return the lines of a summary's file, the first row its header."""
    begins, ends = f"#{'-' * 41}{kind}汇总列表{'-' * 41}", f"#{'-' * 40}{kind}汇总列表结束{'-' * 37}"
    return [f"#支付宝{kind}汇总查询", *_head(account, day), begins, *rows, ends, _made(at_ms)]


def packed(kind: str, account: str, day: date, details: Sequence[str], summary: Sequence[str]) -> bytes:
    """Return the ZIP of both files."""
    content = io.BytesIO()
    stem = f"{account}_{day:%Y%m%d}_{kind}明细"
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, lines in ((f"{stem}.csv", details), (f"{stem}(汇总).csv", summary)):
            entry = _GbkName(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, "".join(f"{line}\r\n" for line in lines).encode("gb18030"))
    return content.getvalue()


def _head(account: str, day: date) -> list[str]:
    span = f"#起始日期：[{_written(day)}]   终止日期：[{_written(day + timedelta(days=1))}]"
    return [f"#账号：[{account}]", span]


def _written(day: date) -> str:
    return f"{day:%Y年%m月%d日} 00:00:00"


def _made(at_ms: int) -> str:
    return f"#导出时间：[{platform_time(at_ms)}]"
