"""What the store sells and its rules: headquarters' directives, else files of the state folder, else those shipped.

A changed file takes effect at the next start under the next version, and `directive.applied` names its digest; a sale
records the versions that it used.
"""

import logging
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.core.catalog import Catalog, catalog_of, item_from
from agent.core.directive_bodies import read
from agent.core.directives import Kind
from agent.core.errors import Refused, StoreboxError
from agent.core.events import DirectiveApplied
from agent.core.roles import Matrix
from agent.core.scale_labels import ScaleLayout, layouts_from
from agent.core.tenders import Tender, tenders_from
from agent.services.directives import document_in_force
from agent.services.journaling import record
from agent.settings import shipped
from agent.store.connection import open_reader
from agent.store.unit import Unit
from agent.store.writer import Writer

log = logging.getLogger("storebox.directives")
FILES = {
    "tenders": "tenders.toml",
    "roles": "roles.toml",
    "scale_labels": "scale_labels.toml",
    "catalogue": "catalogue.toml",
}


@dataclass(frozen=True, slots=True)
class Directives:
    """The store's data in force."""

    tenders: dict[str, Tender]
    matrix: Matrix
    scale_layouts: tuple[ScaleLayout, ...]
    catalog: Catalog
    versions: dict[str, int]


def _text(state: Path, kind: str) -> str:
    """Return the shop's own file, else the shipped one."""
    own = state / FILES[kind]
    if own.is_file():
        return own.read_text(encoding="utf-8")
    return "" if kind == "catalogue" else shipped(FILES[kind]).read_text(encoding="utf-8")


def _parsed(kind: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused("config.not_toml", file=FILES[kind], reason=str(error)) from error


def _applied(unit: Unit, kind: str, text: str) -> int:
    digest = sha256(text.encode()).hexdigest()
    row = unit.connection.execute(
        "SELECT version, sha256 FROM document WHERE kind = ? AND signature IS NULL ORDER BY version DESC LIMIT 1",
        (kind,),
    ).fetchone()
    if row is not None and row[1] == digest:
        return int(row[0])
    version = 1 if row is None else int(row[0]) + 1
    unit.connection.execute(
        "INSERT INTO document(kind, version, body, sha256, received_ms) VALUES(?,?,?,?,?)",
        (kind, version, text, digest, unit.now_ms),
    )
    record(unit, DirectiveApplied(kind, version, digest))
    return version


def apply(writer: Writer, state: Path) -> Directives:
    """Read the data, journal what changed, and return it; refuses files that are wrong, naming the key."""
    held = _of_headquarters(writer.path)
    texts = {kind: _text(state, kind) for kind in FILES if kind not in held}
    data = {kind: _parsed(kind, text) for kind, text in texts.items()}
    tenders = held["tenders"][1] if "tenders" in held else tenders_from(data["tenders"])
    matrix = held["roles"][1] if "roles" in held else Matrix.from_data(data["roles"])
    layouts = held["scale_labels"][1] if "scale_labels" in held else layouts_from(data["scale_labels"])
    if "catalogue" in held:
        items = held["catalogue"][1]
    else:
        items = [item_from(row) for row in data["catalogue"].get("item", ())]

    def command(unit: Unit) -> dict[str, int]:
        return {kind: _applied(unit, kind, text) for kind, text in texts.items()}

    versions = writer.run(command) | {kind: version for kind, (version, _) in held.items()}
    return Directives(tenders, matrix, layouts, catalog_of(items, versions["catalogue"]), versions)


def _of_headquarters(journal: Path) -> dict[str, tuple[int, Any]]:
    """Return version and content of what headquarters' directives hold; the shop's files of these kinds rest.

    One that this release can't read (an earlier one took it) is as if it were not there: the shop sells by its files.
    """
    found: dict[str, tuple[int, Any]] = {}
    connection = open_reader(journal)
    try:
        for kind in FILES:
            document = document_in_force(connection, kind)
            if document is None:
                continue
            try:
                found[kind] = (document[0], read(Kind(kind), document[1]))
            except StoreboxError as error:
                log.error("the directive %s %d is not readable: %s", kind, document[0], error.code)
    finally:
        connection.close()
    return found
