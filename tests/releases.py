"""Release trees that really run: the project's own program under another version, with a fault when it is asked for.

`make_bundles` also serves the booted test root: it makes signed bundles from any installed tree.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.core.canonical import canonical_bytes
from agent.core.release import key_list_message
from agent.upgrade import bundle as bundles
from agent.upgrade.place import KEYS_FILE, RELEASE_FILE, own_arch, own_python
from sync.keys import FileKey

SOURCE = Path(__file__).resolve().parents[1]
PROGRAM = """#!{python}
import os, sys, threading, time
sys.path.insert(0, {source!r})
VERSION, BEHAVIOUR = {version!r}, {behaviour!r}
import importlib.metadata as metadata
real = metadata.version
metadata.version = lambda name: VERSION if name == "storebox" else real(name)
running = "run" in sys.argv[1:2]
word, _, value = BEHAVIOUR.partition(":")
if running and word == "crash":
    sys.exit(3)
if running and word in ("hang", "stuck"):
    if word == "stuck":
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)
if word == "unrehearsed" and sys.argv[1:3] == ["upgrade", "rehearse"]:
    sys.exit(4)
if running and word == "dies":
    threading.Timer(float(value), os._exit, (9,)).start()
if running and word == "sick":
    import agent.web.app as app_module
    create = app_module.create_app
    def sick(*args, **settings):
        app = create(*args, **settings)
        from starlette.responses import JSONResponse
        @app.middleware("http")
        async def refuse(request, following):
            if request.url.path == "/health":
                return JSONResponse({{"status": "stopped", "version": VERSION}}, 503)
            return await following(request)
        return app
    app_module.create_app = sick
if {newer}:
    import agent.store.migrations as migrations
    def add(database):
        database.execute("CREATE TABLE of_the_future(one INTEGER PRIMARY KEY, two TEXT DEFAULT 'x') STRICT")
        database.execute("ALTER TABLE staff ADD COLUMN of_the_future TEXT")
    migrations.STEPS = (*migrations.STEPS, ("9001_future", add))
    migrations.migrate.__defaults__ = (migrations.STEPS, migrations.READABLE_FROM)
    from agent.store import views
    views.SCHEMA = (*views.SCHEMA, "CREATE INDEX view_sale_of_the_future ON view_sale(total_fen)")
if word == "miscounts" and sys.argv[1:3] == ["upgrade", "rehearse"]:
    import agent.upgrade.rehearsal as rehearsal
    figures = rehearsal.figures
    rehearsal.figures = lambda path: {{**figures(path), "sales_fen": figures(path)["sales_fen"] + 1}}
from agent.cli import main
main()
"""


def make_tree(
    folder: Path, version: str, behaviour: str = "good", *, newer: bool = False, release_keys: Any = None
) -> Path:
    """Write a release tree whose program is this source under another version."""
    program = folder / "bin" / "storebox"
    program.parent.mkdir(parents=True)
    text = PROGRAM.format(python=sys.executable, source=str(SOURCE), version=version, behaviour=behaviour, newer=newer)
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    (folder / "README").write_text(f"storebox {version}\n", encoding="utf-8")
    if release_keys is not None:
        (folder / KEYS_FILE).write_bytes(canonical_bytes(release_keys))
    return folder


class Publisher:
    """Two roots, two release keys and the list that binds them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.roots = [FileKey.load_or_create(folder / f"root-{number}.key") for number in (1, 2)]
        self.keys = {f"release-{number}": FileKey.load_or_create(folder / f"release-{number}.key") for number in (1, 2)}
        self.key_list = signed_list(1, self.roots, self.keys, self.roots)

    def bundle(
        self,
        tree: Path,
        target: Path,
        version: str,
        sequence: int,
        *,
        signers: Sequence[str] = ("release-1", "release-2"),
        **facts: Any,
    ) -> Path:
        """Make and sign a bundle; `facts` change what its manifest says."""
        told: dict[str, Any] = {
            "version": version,
            "sequence": sequence,
            "min_from": 0,
            "channel": "stable",
            "arch": own_arch(),
            "python": own_python(),
            "not_after": None,
        }
        bundles.make(tree, target, {**told, **facts}, [self.key_list], target.parent, level=1)
        for kid in signers:
            bundles.sign(target, kid, self.keys[kid])
        return target


def signed_list(
    version: int, roots: Sequence[FileKey], keys: Mapping[str, FileKey], signers: Sequence[FileKey]
) -> dict[str, Any]:
    """Return a key list signed by some roots."""
    document: dict[str, Any] = {
        "version": version,
        "roots": [root.public_key.hex() for root in roots],
        "keys": [{"kid": kid, "public_key": key.public_key.hex()} for kid, key in keys.items()],
    }
    message = key_list_message(document)
    return {**document, "signatures": [signer.sign(message).hex() for signer in signers]}


def installed(root: Path, tree: Path, version: str, sequence: int) -> None:
    """Put a tree where a package would have put it, and let `current` name it."""
    target = root / "releases" / version
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(tree, target, symlinks=True)
    (target / RELEASE_FILE).write_text(json.dumps({"version": version, "sequence": sequence}), encoding="utf-8")
    link = root / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(f"releases/{version}")


def other_version(tree: Path, target: Path, old: str, new: str, release_keys: Any = None) -> Path:
    """Copy an installed tree under another version: its paths, its metadata, and what the program says it is.

    `old` and `new` name the folders below `releases/`.
    """
    shutil.copytree(tree, target, symlinks=True)
    (target / RELEASE_FILE).unlink(missing_ok=True)
    here, there = f"releases/{old}/".encode(), f"releases/{new}/".encode()
    for path in [*(target / "bin").iterdir(), target / "pyvenv.cfg"]:
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if not data.startswith(b"\x7fELF"):
                path.write_bytes(data.replace(here, there).replace(here[:-1] + b'"', there[:-1] + b'"'))
    for metadata in target.glob("lib/python3*/site-packages/storebox-*.dist-info"):
        text = (metadata / "METADATA").read_text(encoding="utf-8")
        changed = re.sub(r"^Version: .*$", f"Version: {new}", text, count=1, flags=re.MULTILINE)
        (metadata / "METADATA").write_text(changed, encoding="utf-8")
        metadata.rename(metadata.with_name(f"storebox-{new}.dist-info"))
    if release_keys is not None:
        (target / KEYS_FILE).write_bytes(canonical_bytes(release_keys))
    return target


def make_bundles(
    tree: Path, folder: Path, old: str, versions: Mapping[str, str], first_sequence: int = 2
) -> tuple[dict[str, Any], dict[str, Path]]:
    """Make signed bundles from an installed tree; returns the key list to install, and the bundle of each version.

    `versions` says how each behaves: "good", "crash" (the program ends at once), "hang" (it never gets ready), "stuck"
    (nor does it stop when it is asked to), "sick" (`/health` answers 503), "dies:12" (after so many seconds),
    "unrehearsed" (it can't open a copy of the journal). The faulty ones are the same tree with a few lines
    before its program. `old` is the version of `tree`, the name of its folder below `releases/`.
    """
    publisher = Publisher(folder / "publisher")
    made = {}
    for sequence, (version, behaviour) in enumerate(versions.items(), first_sequence):
        made_tree = other_version(tree, folder / f"tree-{version}", old, version, publisher.key_list)
        _misbehave(made_tree / "bin" / "storebox", behaviour)
        made[version] = publisher.bundle(made_tree, folder / f"storebox-{version}.bundle", version, sequence)
        shutil.rmtree(made_tree)
    return publisher.key_list, made


def _misbehave(program: Path, behaviour: str) -> None:
    if behaviour == "good":
        return
    first, _, rest = program.read_text(encoding="utf-8").partition("\n")
    start = PROGRAM.index("running = ")
    end = PROGRAM.index("if {newer}")
    fault = PROGRAM[start:end].replace("{{", "{").replace("}}", "}").replace("VERSION}", "'0'}")
    text = f"{first}\nimport os, sys, threading, time\nBEHAVIOUR = {behaviour!r}\n{fault}\n{rest}"
    mode = program.stat().st_mode
    program.write_text(text, encoding="utf-8")
    os.chmod(program, mode)
