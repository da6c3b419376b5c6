"""A release from its publisher to a box by the commands that people type."""

import json
from pathlib import Path

import pytest

from tests.integration.running import storebox
from tests.releases import installed, make_tree


def said(*arguments: str, code: int = 0) -> str:
    """Run a command and return what it says; on standard error when it refuses."""
    done = storebox(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key list and a bundle that two people signed."""
    folder = tmp_path_factory.mktemp("publisher")
    keys = {}
    for name in ("root-1", "root-2", "release-1", "release-2"):
        keys[name] = said("release", "key", str(folder / f"{name}.key")).strip()
    assert "release.key_in_use" in said("release", "key", str(folder / "root-1.key"), code=1)
    options = [part for name in ("root-1", "root-2") for part in ("--root", keys[name])]
    options += [part for name in ("release-1", "release-2") for part in ("--signer", f"{name}={keys[name]}")]
    options += [part for name in ("root-1", "root-2") for part in ("--root-key", str(folder / f"{name}.key"))]
    said("release", "keys", str(folder / "keys.json"), "--version", "1", *options)
    stick = folder / "stick" / "storebox-bundle"
    stick.mkdir(parents=True)
    bundle, lists = str(stick / "storebox-1.1.0.bundle"), ("--keys", str(folder / "keys.json"))
    tree = make_tree(folder / "tree", "1.1.0")
    told = said("release", "make", str(tree), bundle, "--version", "1.1.0", "--sequence", "7", *lists)
    assert "two signatures are missing" in told
    for number in (1, 2):
        assert "release.one_signature" in said("release", "verify", bundle, *lists, code=1)
        signing = ("--kid", f"release-{number}", "--key", str(folder / f"release-{number}.key"))
        assert f"{number} signature" in said("release", "sign", bundle, *signing)
    assert json.loads(said("release", "verify", bundle, *lists, "--json"))["sequence"] == 7
    return folder


def test_a_technician_brings_a_stick(published: Path, tmp_path: Path) -> None:
    root, state = tmp_path / "opt", tmp_path / "state"
    state.mkdir()
    keys = json.loads((published / "keys.json").read_bytes())
    installed(root, make_tree(tmp_path / "old", "1.0.0", release_keys=keys), "1.0.0", 1)
    box = ("--root", str(root), "--state", str(state))
    assert "upgrade.nothing_pending" in said("upgrade", "now", *box, code=1)
    assert "1.1.0 (number 7)" in said("upgrade", "import", str(published / "stick"), *box)
    shown = json.loads(said("upgrade", "status", *box, "--json"))
    assert shown["running"] == {"version": "1.0.0", "sequence": 1}
    assert shown["pending"] == {"to": "1.1.0", "state": "fetched", "waits_for": None}
    assert "put off by 30 minutes" in said("upgrade", "later", *box)
    assert "comes now" in said("upgrade", "now", *box)
    assert "upgrade.nothing_to_return_to" not in said("upgrade", "status", *box)
    assert "upgrade.another_pending" in said("upgrade", "return", *box, code=1)


def test_a_bundle_of_strangers_changes_nothing(published: Path, tmp_path: Path) -> None:
    from tests.releases import Publisher

    root, state = tmp_path / "opt", tmp_path / "state"
    state.mkdir()
    keys = Publisher(tmp_path / "others").key_list
    installed(root, make_tree(tmp_path / "old", "1.0.0", release_keys=keys), "1.0.0", 1)
    box = ("--root", str(root), "--state", str(state))
    bundle = str(published / "stick" / "storebox-bundle" / "storebox-1.1.0.bundle")
    refused = said("upgrade", "import", bundle, *box, code=1)
    assert refused.startswith(("release.unknown_key", "release.wrong_signature"))
    assert json.loads(said("upgrade", "status", *box, "--json"))["pending"] is None
    assert list((root / "upgrade" / "incoming").iterdir()) == []
