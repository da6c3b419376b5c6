"""The pull from the command line: rows from a local state folder or over HTTP, checked against their manifest."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from agent.core.errors import Broken, Refused, UnknownOutcome
from sync.headquarters import answer_error
from sync.session import HttpSession

Documents = Iterator[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What a person asks for."""

    store: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    day_state: str = "closed"


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
        selection = Selection(stores, request.first_day, request.last_day, request.day_state == "closed")
        yield from documents(office.database, selection, office.now_ms())
    finally:
        office.close()


def from_url(url: str, token: str, request: PullRequest) -> Documents:
    """Yield rows and manifest from a headquarters' service."""
    asked = {
        "store": request.store,
        "from": request.first_day,
        "to": request.last_day,
        "day_state": request.day_state,
    }
    query = urlencode({key: value for key, value in asked.items() if value is not None})
    session = HttpSession(url, read_timeout_s=60)
    try:
        for line in session.lines(f"/v1/ledger?{query}", {"Authorization": f"Bearer {token}"}, answer_error):
            yield _parsed(line)
    finally:
        session.close()


def checked(documents: Documents, manifests: list[Mapping[str, object]]) -> Documents:
    """Yield the rows only; put the manifest into `manifests`, and raise when rows and manifest do not agree."""
    rows, total_fen = 0, 0
    for document in documents:
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


def write_pull(documents: Documents, form: str, file: IO[str]) -> Mapping[str, object]:
    """Write rows as `csv` or `jsonl` and return the manifest; in JSON lines it is the last line."""
    from sync.hq.formats import csv_lines, json_line

    manifests: list[Mapping[str, object]] = []
    rows = checked(documents, manifests)
    lines = csv_lines(rows) if form == "csv" else map(json_line, rows)
    for line in lines:
        file.write(line)
    if form != "csv":
        file.write(json_line({"manifest": manifests[0]}))
    return manifests[0]


def _parsed(line: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise UnknownOutcome("hq.garbage_answer") from error
    if not isinstance(document, dict):
        raise UnknownOutcome("hq.garbage_answer")
    return document
