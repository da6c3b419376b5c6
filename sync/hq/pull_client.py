"""The pull from the command line: rows from a local state folder or over HTTP, checked against their manifest."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode

from agent.core.errors import Broken, Refused, TryLater, UnknownOutcome
from sync.headquarters import answer_error
from sync.hq.pull_columns import COLUMNS, Rows, column_names
from sync.session import HttpSession

if TYPE_CHECKING:
    from sync.hq.pull import Row

BREAKS_MAX = 5
Document = Mapping[str, object]
Pages = Iterator["list[Row] | Document"]
"""Pages of rows, each a tuple in the order of its columns; `{"cursor": …}` after each, `{"manifest": …}` at the end."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What a person asks for."""

    store: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    day_state: str = "matched"
    rows: Rows = Rows.TENDERS
    group: str | None = None


def from_state(state: Path, request: PullRequest, database: str | None = None) -> Pages:
    """Yield rows and manifest out of a local headquarters' folder, or of the database at a URL."""
    from sync.hq.database import DATABASE_FILE
    from sync.hq.formats import pages
    from sync.hq.groups import chosen_stores, is_chain
    from sync.hq.office import Office
    from sync.hq.pull import Selection
    from sync.hq.pull_days import DayStates

    if database is None and not (state / DATABASE_FILE).exists():
        raise Refused("hq.no_state", state=str(state))
    office = Office.open(state, database)
    try:
        with office.database.read() as connection:
            stores = chosen_stores(connection, request.store, request.group, None)
        days = DayStates(request.day_state)
        whole = is_chain(request.store, request.group, None)
        selection = Selection(stores, request.first_day, request.last_day, days, request.rows, chain=whole)
        yield from pages(office.database, selection, office.now_ms(), state)
    finally:
        office.close()


def from_url(url: str, token: str, request: PullRequest, wait_s: Callable[[float], object] = time.sleep) -> Pages:
    """Yield rows and manifest from a headquarters' service; a connection that breaks is taken up where it broke.

    Raises `TryLater` or `UnknownOutcome` when it breaks before the first page, or `BREAKS_MAX` times in a row.
    """
    asked = {
        "store": request.store,
        "group": request.group,
        "from": request.first_day,
        "to": request.last_day,
        "day_state": request.day_state,
        "rows": request.rows.value,
        "cursors": "true",
        "after": None,
    }
    headers = {"Authorization": f"Bearer {token}"}
    columns = column_names(request.rows)
    session = HttpSession(url, read_timeout_s=60)
    breaks = 0
    try:
        while True:
            query = urlencode({key: value for key, value in asked.items() if value is not None})
            page: list[Row] = []
            try:
                for line in session.lines(f"/v1/ledger?{query}", headers, answer_error):
                    document = _parsed(line)
                    if "cursor" in document:
                        yield page
                        page, breaks, asked["after"] = [], 0, str(document["cursor"])
                    elif "manifest" in document:
                        yield page
                        yield document
                        return
                    else:
                        page.append(tuple(map(document.get, columns)))
                raise UnknownOutcome("network.answer_cut", server=url)
            except (TryLater, UnknownOutcome):
                breaks += 1
                if asked["after"] is None or breaks > BREAKS_MAX:
                    raise
                wait_s(float(breaks))
    finally:
        session.close()


def checked(pages: Pages, rows: Rows, manifests: list[Document]) -> "Iterator[list[Row]]":
    """Yield the rows only; add the manifest to `manifests`, and raise when rows and manifest do not agree."""
    count, total_fen, place, before = 0, 0, column_names(rows).index("amount_fen"), len(manifests)
    for page in pages:
        if isinstance(page, list):
            amounts_fen = [row[place] for row in page]
            if len(manifests) > before or not all(type(amount_fen) is int for amount_fen in amounts_fen):
                raise UnknownOutcome("hq.garbage_answer")
            count, total_fen = count + len(page), total_fen + sum(amounts_fen)  # type: ignore[arg-type]
            yield page
            continue
        manifest = page.get("manifest")
        if isinstance(manifest, Mapping):
            manifests.append(manifest)
    told = manifests[before] if len(manifests) > before else {}
    if (told.get("rows"), told.get("total_fen")) != (count, total_fen):
        raise Broken("pull.incomplete", rows=count, total_fen=total_fen)


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


def write_text(pages: Pages, form: str, rows: Rows, file: IO[str]) -> Document:
    """Write rows as `csv` or `jsonl` and return the manifest; in JSON lines it is the last line."""
    from sync.hq.formats import csv_lines, json_line, json_lines

    manifests: list[Document] = []
    columns, found = COLUMNS[rows], checked(pages, rows, manifests)
    for text in csv_lines(found, columns) if form == "csv" else (json_lines(page, columns) for page in found):
        file.write(text)
    if form != "csv":
        file.write(json_line({"manifest": manifests[0]}))
    return manifests[0]


def write_file(pages: Pages, form: str, rows: Rows, path: Path, books: Pages | None = None) -> Document:
    """Write a pull into a file that appears when it is whole, its manifest beside it, and return the manifest.

    `books` are the rows of headquarters' own double entry, which beancount has too.
    """
    if form in ("csv", "jsonl"):
        with whole_file(path) as file:
            manifest = write_text(pages, form, rows, file)
    else:
        manifest = _write_made(pages, form, rows, path, books)
    if form != "jsonl":
        with whole_file(path.with_name(f"{path.name}.manifest.json")) as file:
            file.write(json.dumps({"manifest": manifest}, ensure_ascii=False, indent=2) + "\n")
    return manifest


def _write_made(pages: Pages, form: str, rows: Rows, path: Path, books: Pages | None) -> Document:
    from sync.hq.pull_files import write_beancount, write_parquet, write_xlsx

    manifests: list[Document] = []
    found = checked(pages, rows, manifests)
    draft = path.with_name(f".{path.name}.part")
    try:
        if form == "xlsx":
            write_xlsx(chain.from_iterable(found), COLUMNS[rows], draft)
        elif form == "parquet":
            write_parquet(found, COLUMNS[rows], draft)
        else:
            more = checked(books if books is not None else iter([_NOTHING]), Rows.BOOKS, manifests)
            write_beancount(chain.from_iterable(found), chain.from_iterable(more), draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)
    return {**manifests[0], "books": manifests[1]} if books is not None else manifests[0]


_NOTHING: Document = {"manifest": {"rows": 0, "total_fen": 0}}


def _parsed(line: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise UnknownOutcome("hq.garbage_answer") from error
    if not isinstance(document, dict):
        raise UnknownOutcome("hq.garbage_answer")
    return document
