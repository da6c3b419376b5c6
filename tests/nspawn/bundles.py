"""Bundles of the installed release under other versions, good and bad, in the machine; their keys are trusted there."""

from pathlib import Path

from agent.core.canonical import canonical_bytes
from tests.nspawn.machine import Machine
from tests.releases import make_bundles

FIRST_SEQUENCE = 100
KINDS = ("good", "stuck", "hang", "sick", "crash", "unrehearsed", "dies:2.5")
"""The good one has the lowest number, so that the others are newer than it."""


class Bundles:
    """Each is made when it is asked for first: a tree of a hundred megabytes is copied and packed."""

    def __init__(self, machine: Machine) -> None:
        home = machine.root / "opt/storebox"
        self._releases = home / "releases"
        (self.old,) = (path.name for path in self._releases.iterdir())
        self._keys = home / "upgrade/release-keys.json"
        self._folder = machine.root / "root/bundles"
        self._made: dict[str, Path] = {}
        # The package's tree, before any upgrade sweeps it away.
        self._folder.mkdir()

    @staticmethod
    def version(kind: str) -> str:
        """Return the version of the release of a kind."""
        return f"9.0.{KINDS.index(kind) + 1}"

    def path(self, kind: str) -> str:
        """Return where the bundle of a kind lies in the machine."""
        if kind not in self._made:
            version, sequence = self.version(kind), FIRST_SEQUENCE + KINDS.index(kind)
            tree = self._releases / self.old
            keys, made = make_bundles(tree, self._folder, self.old, {version: kind}, sequence)
            self._keys.write_bytes(canonical_bytes(keys))
            self._made[kind] = made[version]
        return f"/root/{self._folder.name}/{self._made[kind].name}"
