"""What `storebox device identify` finds out: who a printer is, which profile fits, and what only paper can tell."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.cli.boxes import tell
from agent.cli.finding import Row, Said, find, profiles_shipped, toml_text
from agent.cli.output import language, progress
from agent.core.errors import Refused
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.daemon.named_devices import NamedDevice
    from drivers.discovery.examine import Examination
    from drivers.discovery.proposal import Proposal

BAUDS = (115200, 9600, 19200, 38400)
"""The speeds that receipt printers are shipped with, the most frequent first."""
ASKABLE = ("serial", "tcp", "file", "usb", "replay")

DOUBTS: dict[str, Said] = {
    "model": ("没有这个型号的设备文件,先用同类的", "no profile is about this model; this one is of its kind"),
    "silent": (
        "打印机一声不吭:型号不回话,或波特率、线、流控不对",
        "it says nothing: a model that never does, or wrong speed, wiring or flow control",
    ),
    "blocked": ("先装纸、盖好盖子,再问一次", "paper in, cover closed, then ask again"),
    "width": ("纸宽 58 还是 80 毫米:看自检单第1项", "58 or 80 mm: see line 1 of the self-test slip"),
    "cutter": ("有没有切刀:看自检单第7项", "whether it cuts: see line 7 of the self-test slip"),
    "native_qr": (
        "会不会自己画二维码:自检单上的码要扫得出",
        "whether it draws QR codes: the slip's code has to scan",
    ),
    "charset": ("汉字字库:看自检单第2项", "its Chinese characters: see line 2 of the self-test slip"),
    "process_ids": ("打完报告(GS ( H)与设备文件不符", "GS ( H is otherwise than the profile says"),
    "fence": ("顺序回话(GS r)与设备文件不符", "GS r is otherwise than the profile says"),
    "automatic_status": ("自动报状态(GS a)与设备文件不符", "GS a is otherwise than the profile says"),
    "counters": ("切纸计数(GS g)与设备文件不符", "GS g is otherwise than the profile says"),
    "held": (
        "正在营业的盒子用着它:这是盒子知道的;要细问先停盒子",
        "the running box holds it: this is what the box knows; stop the box to ask more",
    ),
}


def identify(settings: Settings, url: str, dev: Path, sys: Path) -> Row:
    """Return what is known about the printer at an address, with a proposal. Refuses what cannot be asked."""
    from agent.daemon.lock import is_running
    from agent.daemon.named_devices import printers_of
    from drivers.base import DeviceError
    from drivers.registry import check_url

    try:
        check_url(url)
    except DeviceError as error:
        raise Refused(error.code, url=url, detail=error.detail) from error
    if url.partition(":")[0] not in ASKABLE:
        raise Refused("discovery.cannot_ask", url=url)
    ours = next((one for one in printers_of(settings) if one.url == url), None)
    if ours is not None and is_running(settings.state):
        return _as_the_box_knows(settings, ours)
    return _asked(url, _model_of(url, dev, sys))


def _as_the_box_knows(settings: Settings, ours: "NamedDevice") -> Row:
    rows: list[Row] = tell(settings.state, "device.known")
    known = next(
        (row for row in rows if row["name"] == ours.name), {"name": ours.name, "state": "absent", "code": None}
    )
    return {
        "url": ours.url,
        "through": "box",
        **known,
        "profile": ours.profile,
        "doubts": [_doubt("held")],
        "line": "",
    }


def _asked(url: str, model: str) -> Row:
    from drivers.discovery.proposal import propose

    sweeps = url.startswith("serial:") and "baud=" not in url
    tries = [_with_baud(url, baud) for baud in BAUDS] if sweeps else [url]
    with progress(url, None) as advance:
        for tried in tries:
            seen = _examined(tried)
            advance()
            if seen.answers:
                break
    if not seen.answers:
        tried = url
    return _row(tried, seen, propose(seen, profiles_shipped(), model))


def _examined(url: str) -> "Examination":
    from drivers.base import DeviceError
    from drivers.discovery.examine import examine
    from drivers.registry import open_transport

    try:
        line = open_transport(url, time.monotonic)
        try:
            return examine(line, time.monotonic)
        finally:
            line.close()
    except DeviceError as error:
        raise Refused(error.code, url=url, detail=error.detail) from error


def _row(url: str, seen: "Examination", proposal: "Proposal") -> Row:
    capabilities = ("process_ids", "fence", "automatic_status", "counters")
    identity = ("maker", "model", "serial", "font")
    port = seen.port
    return {
        "url": url,
        "through": "line",
        "answers": seen.answers,
        "code": seen.health.code if seen.answers else "printer.silent",
        **{key: getattr(seen.identity, key) for key in identity},
        "firmware": seen.firmware,
        **{key: getattr(seen, key) for key in capabilities},
        "port": None
        if port is None
        else {"paper_empty": port.paper_empty, "selected": port.selected, "error": port.error},
        "profile": proposal.profile,
        "doubts": [_doubt(doubt.value) for doubt in proposal.doubts],
        "line": f"printer = {toml_text(url)}\nprofile = {toml_text(proposal.profile)}",
        "trace": seen.trace,
    }


def _doubt(code: str) -> Row:
    zh, en = DOUBTS[code]
    return {"code": code, "zh": zh, "en": en}


def _model_of(url: str, dev: Path, sys: Path) -> str:
    """Return what the USB device behind an address calls itself."""
    for one in find(dev, sys):
        if url in (one.url, *one.alternatives):
            return one.device_id.get("MDL", "") or one.product
    return ""


def _with_baud(url: str, baud: int) -> str:
    return f"{url}{'&' if '?' in url else '?'}baud={baud}"


def show_identity(row: Row) -> None:
    """Print what was found out."""
    from agent.core.sentences import sentence_for

    chinese = language() == "zh"
    said = sentence_for(row["code"] or "printer.ready")
    typer.secho(" ".join(filter(None, (row.get("maker"), row.get("model")))) or row["url"], bold=True)
    typer.echo(f"  {said.zh_title if chinese else said.en_title}")
    for key in ("firmware", "serial", "font"):
        if row.get(key):
            typer.echo(f"  {key}: {row[key]}")
    for key in ("process_ids", "fence", "automatic_status", "counters"):
        if row.get(key) is not None:
            typer.echo(f"  {key}: {'yes' if row[key] else 'no'}")
    for line in row["line"].splitlines():
        typer.echo(f"  {line}")
    for doubt in row["doubts"]:
        typer.secho(f"  ? {doubt['zh' if chinese else 'en']}", fg="yellow")
