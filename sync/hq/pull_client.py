"""The pull from the command line: rows from a local state folder or over HTTP, checked against their manifest."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from agent.core.errors import Broken, Refused, TryLater, UnknownOutcome
from sync.headquarters import answer_error
from sync.hq.pull_columns import COLUMNS, Rows
from sync.session import HttpSession

BREAKS_MAX = 5
Documents = Iterator[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What a person asks for."""

    store: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    day_state: str = "closed"
    rows: Rows = Rows.TENDERS


def from_state(state: Path, request: PullRequest, database: str | None = None) -> Documents:
    """Yield rows and manifest out of a local headquarters' folder, or of the database at a URL."""
    from sync.hq.database import DATABASE_FILE
    from sync.hq.formats import documents
    from sync.hq.office import Office
    from sync.hq.people_api import chosen_stores
    from sync.hq.pull import Selection

    if database is None and not (state / DATABASE_FILE).exists():
        raise Refused("hq.no_state", state=str(state))
    office = Office.open(state, database)
    try:
        stores = chosen_stores(office, request.store, None)
        closed_only = request.day_state == "closed"
        selection = Selection(stores, request.first_day, request.last_day, closed_only, request.rows)
        yield from documents(office.database, selection, office.now_ms())
    finally:
        office.close()


def from_url(url: str, token: str, request: PullRequest, wait_s: Callable[[float], object] = time.sleep) -> Documents:
    """Yield rows and manifest from a headquarters' service; a connection that breaks is taken up where it broke.

    Raises `TryLater` or `UnknownOutcome` when it breaks before the first page, or `BREAKS_MAX` times in a row.
    """
    asked = {
        "store": request.store,
        "from": request.first_day,
        "to": request.last_day,
        "day_state": request.day_state,
        "rows": request.rows.value,
        "cursors": "true",
        "after": None,
    }
    headers = {"Authorization": f"Bearer {token}"}
    session = HttpSession(url, read_timeout_s=60)
    breaks = 0
    try:
        while True:
            query = urlencode({key: value for key, value in asked.items() if value is not None})
            page: list[Mapping[str, object]] = []
            try:
                for line in session.lines(f"/v1/ledger?{query}", headers, answer_error):
                    document = _parsed(line)
                    if "cursor" in document:
                        yield from page
                        page, breaks, asked["after"] = [], 0, str(document["cursor"])
                        continue
                    page.append(document)
                    if "manifest" in document:
                        yield from page
                        return
                raise UnknownOutcome("network.answer_cut", server=url)
            except (TryLater, UnknownOutcome):
                breaks += 1
                if asked["after"] is None or breaks > BREAKS_MAX:
                    raise
                wait_s(float(breaks))
    finally:
        session.close()


def checked(documents: Documents, manifests: list[Mapping[str, object]]) -> Documents:
    """Yield the rows only; put the manifest into `manifests`, and raise when rows and manifest do not agree."""
    rows, total_fen = 0, 0
    for document in documents:
        if "cursor" in document:
            continue
        manifest = document.get("manifest")
        if isinstance(manifest, Mapping):
            manifests.append(manifest)
            continue
        amount_fen = document.get("amount_fen")
        if type(amount_fen) is not int or manifests:
            raise UnknownOutcome("hq.garbage_answer")
        rows, total_fen = rows + 1, total_fen + amount_fen
        yield document
    if not manifests or (manifests[0].get("rows"), manifests[0].get("total_fen")) != (rows, total_fen):
        raise Broken("pull.incomplete", rows=rows, total_fen=total_fen)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Write a file that appears under its name only when it is whole."""
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8", newline="") as file:
        try:
            yield file
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_text(documents: Documents, form: str, rows: Rows, file: IO[str]) -> Mapping[str, object]:
    """Write rows as `csv` or `jsonl` and return the manifest; in JSON lines it is the last line."""
    from sync.hq.formats import csv_lines, json_line

    manifests: list[Mapping[str, object]] = []
    found = checked(documents, manifests)
    lines = csv_lines(found, COLUMNS[rows]) if form == "csv" else map(json_line, found)
    for line in lines:
        file.write(line)
    if form != "csv":
        file.write(json_line({"manifest": manifests[0]}))
    return manifests[0]


def write_file(documents: Documents, form: str, rows: Rows, path: Path) -> Mapping[str, object]:
    """Write a pull into a file that appears when it is whole, its manifest beside it, and return the manifest."""
    if form in ("csv", "jsonl"):
        with whole_file(path) as file:
            manifest = write_text(documents, form, rows, file)
    else:
        manifest = _write_made(documents, form, rows, path)
    if form != "jsonl":
        with whole_file(path.with_name(f"{path.name}.manifest.json")) as file:
            file.write(json.dumps({"manifest": manifest}, ensure_ascii=False, indent=2) + "\n")
    return manifest


def _write_made(documents: Documents, form: str, rows: Rows, path: Path) -> Mapping[str, object]:
    from sync.hq.pull_files import write_beancount, write_parquet, write_xlsx

    manifests: list[Mapping[str, object]] = []
    found = checked(documents, manifests)
    draft = path.with_name(f".{path.name}.part")
    try:
        if form == "xlsx":
            write_xlsx(found, COLUMNS[rows], draft)
        elif form == "parquet":
            write_parquet(found, COLUMNS[rows], draft)
        else:
            write_beancount(found, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)
    return manifests[0]


def _parsed(line: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise UnknownOutcome("hq.garbage_answer") from error
    if not isinstance(document, dict):
        raise UnknownOutcome("hq.garbage_answer")
    return document
