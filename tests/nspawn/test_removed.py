"""Removing and purging the package: the journal stays until asked for twice, and while money is unsent even then.

In a root that is not booted, as an image is prepared: the same scripts, no running systemd.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nspawn.machine import BUILT, ENVIRONMENT, ROOT, roomy_memory, what_is_missing

pytestmark = [pytest.mark.nspawn, pytest.mark.slow]

JOURNAL = "var/lib/storebox/journal.db"
MARKERS = ("etc/storebox/purge-journal", "var/lib/storebox/purge-journal")
WITH_HEADQUARTERS = '{"hq": "https://hq.example", "link": {}, "unsent": UNSENT, "rows": []}'

INSIDE = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
"""The mount is seen by this command only, and gone with it."""


class Tree:
    """A root with the box's package on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        subprocess.run(["cp", "-a", "--reflink=auto", ROOT, root], check=True)
        (package,) = BUILT.glob("storebox_*.deb")
        shutil.copy(package, root / "root/box.deb")
        self.run("dpkg", "--install", "/root/box.deb")

    def run(self, *command: str) -> str:
        """Run a command in it; returns what it said."""
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, str(self.root), *command],
            capture_output=True,
            text=True,
            timeout=120,
            env=ENVIRONMENT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def there(self, path: str) -> bool:
        """Say whether something is at a path; a link counts wherever it leads."""
        return os.path.lexists(self.root / path)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp("-removed", dir=roomy_memory() or tmp_path))
    try:
        yield Tree(folder / "root")
    finally:
        shutil.rmtree(folder)


def test_the_journal_outlives_the_package(tree: Tree) -> None:
    tree.run("storebox", "enrol", "--alone")
    assert tree.there(JOURNAL) and tree.there("opt/storebox/current")
    owner = (tree.root / JOURNAL).stat().st_uid
    assert owner != 0, "root's command acts as the box's user"

    tree.run("dpkg", "--remove", "storebox")
    assert tree.there(JOURNAL) and tree.there("etc/storebox/storebox.toml")
    assert not tree.there("opt/storebox/current"), "a link to nothing is removed"

    tree.run("dpkg", "--install", "/root/box.deb")
    assert '"epoch": 1' in tree.run("storebox", "sync", "status", "--json"), "installed again it is the same box"

    for path in MARKERS[:1]:
        (tree.root / path).touch()
    said = tree.run("dpkg", "--purge", "storebox")
    assert tree.there(JOURNAL)
    assert "/var/lib/storebox" in said and "stay" in said
    assert not tree.there("opt/storebox")


@pytest.mark.parametrize(
    ("unsent", "stays"),
    [(WITH_HEADQUARTERS.replace("UNSENT", "3"), True), (WITH_HEADQUARTERS.replace("UNSENT", "0"), False)],
    ids=["unsent", "all acknowledged"],
)
def test_asked_twice_it_goes_but_for_unsent_money(tree: Tree, unsent: str, stays: bool) -> None:
    tree.run("storebox", "enrol", "--alone")
    tree.run("dpkg", "--remove", "storebox")
    (tree.root / "var/lib/storebox/purge.unsent").write_text(unsent, encoding="utf-8")
    for path in MARKERS:
        (tree.root / path).touch()
    said = tree.run("dpkg", "--purge", "storebox")
    assert tree.there(JOURNAL) is stays
    assert ("not acknowledged" in said) is stays


def test_a_shop_alone_may_go_when_asked_twice(tree: Tree) -> None:
    """Nobody could ever acknowledge its entries; what the package wrote down at removal says so."""
    tree.run("storebox", "enrol", "--alone")
    for path in MARKERS:
        (tree.root / path).touch()
    tree.run("dpkg", "--purge", "storebox")
    assert not tree.there("var/lib/storebox")
