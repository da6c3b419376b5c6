"""Bundles: what is packed comes out as it was, and nothing hostile comes out at all."""

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from agent.core.canonical import canonical_bytes
from agent.core.errors import Refused
from agent.core.release import check_signatures, parse_key_list
from agent.upgrade import bundle as bundles
from agent.upgrade import unpack as unpacking
from agent.upgrade.bundle import opened
from agent.upgrade.unpack import unpack
from tests.releases import Publisher


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "publisher")


def tree_in(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "storebox").write_bytes(b"#!/bin/sh\n")
    (folder / "bin" / "storebox").chmod(0o755)
    (folder / "bin" / "python").symlink_to("/usr/bin/python3.11")
    (folder / "lib").mkdir()
    (folder / "lib64").symlink_to("lib")
    (folder / "lib" / "模块.py").write_text("x = 1\n", encoding="utf-8")
    return folder


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def unpacked(bundle: Path, target: Path) -> Path:
    with opened(bundle) as found:
        unpack(found, target, 0)
    return target


def test_a_tree_comes_out_as_it_went_in(publisher: Publisher, tmp_path: Path) -> None:
    bundle = publisher.bundle(tree_in(tmp_path / "tree"), tmp_path / "a.bundle", "1.1.0", 6)
    with opened(bundle) as found:
        check_signatures(found.manifest, parse_key_list(publisher.key_list))
    out = unpacked(bundle, tmp_path / "out")
    assert (out / "bin/storebox").stat().st_mode & 0o777 == 0o755
    assert (out / "lib/模块.py").read_text(encoding="utf-8") == "x = 1\n"
    assert (out / "lib/模块.py").stat().st_mode & 0o111 == 0
    assert os.readlink(out / "bin/python") == "/usr/bin/python3.11"
    assert os.readlink(out / "lib64") == "lib"
    assert (out / "release.json").exists()


def test_the_same_tree_makes_the_same_bundle(publisher: Publisher, tmp_path: Path) -> None:
    tree = tree_in(tmp_path / "tree")
    made = [publisher.bundle(tree, tmp_path / f"{name}.bundle", "1.1.0", 6).read_bytes() for name in "ab"]
    assert made[0] == made[1]


@pytest.mark.parametrize("hostile", ["fifo", "outside", "setuid"])
def test_a_tree_with_what_no_box_takes_is_not_packed(hostile: str, publisher: Publisher, tmp_path: Path) -> None:
    tree = tree_in(tmp_path / "tree")
    if hostile == "fifo":
        os.mkfifo(tree / "pipe")
    elif hostile == "outside":
        (tree / "lib" / "away").symlink_to("../../../etc")
    else:
        (tree / "bin" / "storebox").chmod(0o4755)
    assert code_of(lambda: publisher.bundle(tree, tmp_path / "a.bundle", "1.1.0", 6)) == "release.hostile_entry"


def test_a_bundle_cut_anywhere_leaves_nothing(publisher: Publisher, tmp_path: Path) -> None:
    bundle = publisher.bundle(tree_in(tmp_path / "tree"), tmp_path / "a.bundle", "1.1.0", 6)
    data = bundle.read_bytes()
    with tarfile.open(bundle) as archive:
        tree = archive.getmember("tree.tar.gz")
    last = tree.offset_data + tree.size - 1
    cut = tmp_path / "cut.bundle"
    for length in [*range(0, last, 97), tree.offset_data, last]:
        cut.write_bytes(data[:length])
        code = code_of(lambda: unpacked(cut, tmp_path / "out"))
        assert code in ("release.truncated", "release.not_a_bundle", "release.malformed"), length
        assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_every_changed_byte_of_the_tree_is_found_before_it_is_unpacked(publisher: Publisher, tmp_path: Path) -> None:
    bundle = publisher.bundle(tree_in(tmp_path / "tree"), tmp_path / "a.bundle", "1.1.0", 6)
    data = bundle.read_bytes()
    with tarfile.open(bundle) as archive:
        tree = archive.getmember("tree.tar.gz")
    for place in range(tree.offset_data, tree.offset_data + tree.size, 11):
        changed = bytearray(data)
        changed[place] ^= 0x40
        bundle.write_bytes(changed)
        assert code_of(lambda: unpacked(bundle, tmp_path / "out")) == "release.file_differs"


def hostile_bundle(target: Path, publisher: Publisher, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Pack members as a publisher would never do, under a manifest whose digests and signatures hold."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    file = {"path": "good", "sha256": sha256(b"good").hexdigest(), "size": 4}
    manifest: dict[str, Any] = {
        "format": 1, "product": "storebox", "version": "1.1.0", "sequence": 6, "min_from": 0, "channel": "stable",
        "arch": "all", "python": "any", "not_after": None, "links": {}, "signatures": [], "files": [file],
        "tree": {"sha256": sha256(packed.getvalue()).hexdigest(), "size": len(packed.getvalue())},
    }  # fmt: skip
    scratch = target.with_suffix(".gz")
    scratch.write_bytes(packed.getvalue())
    bundles._write(target, manifest, [publisher.key_list], scratch)
    for kid, key in publisher.keys.items():
        bundles.sign(target, kid, key)
    return target


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.size, found.linkname = kind, size, link
    return found


GOOD = (member("good", size=4), b"good")


@pytest.mark.parametrize(
    "hostile",
    [
        (member("../escaped", size=4), b"evil"),
        (member("/tmp/storebox-escaped", size=4), b"evil"),
        (member("unlisted", size=4), b"evil"),
        (member("good", tarfile.SYMTYPE, link="/etc/passwd"), b""),
        (member("good", tarfile.LNKTYPE, link="/etc/passwd"), b""),
        (member("good", tarfile.CHRTYPE), b""),
        (member("good", tarfile.FIFOTYPE), b""),
        (member("good", tarfile.DIRTYPE), b""),
        (member("good", size=5), b"good!"),
    ],
    ids=["up", "root", "unlisted", "symlink", "hardlink", "device", "fifo", "folder", "longer"],
)
def test_nothing_but_the_files_of_the_manifest_is_unpacked(
    hostile: tuple[tarfile.TarInfo, bytes], publisher: Publisher, tmp_path: Path
) -> None:
    bundle = hostile_bundle(tmp_path / "a.bundle", publisher, [hostile])
    (tmp_path / "in").mkdir()
    assert code_of(lambda: unpacked(bundle, tmp_path / "in" / "out")) == "release.hostile_entry"
    assert list((tmp_path / "in").iterdir()) == []
    assert not (tmp_path / "escaped").exists()
    assert not Path("/tmp/storebox-escaped").exists()


def test_a_file_that_comes_twice_or_not_at_all_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    twice = hostile_bundle(tmp_path / "a.bundle", publisher, [GOOD, GOOD])
    assert code_of(lambda: unpacked(twice, tmp_path / "out")) == "release.hostile_entry"
    none = hostile_bundle(tmp_path / "b.bundle", publisher, [])
    assert code_of(lambda: unpacked(none, tmp_path / "out")) == "release.truncated"
    other = hostile_bundle(tmp_path / "c.bundle", publisher, [(member("good", size=4), b"evil")])
    assert code_of(lambda: unpacked(other, tmp_path / "out")) == "release.file_differs"
    assert sorted(path.name for path in tmp_path.iterdir() if "out" in path.name) == []


def test_room_is_looked_at_before_anything_is_written(publisher: Publisher, tmp_path: Path) -> None:
    bundle = publisher.bundle(tree_in(tmp_path / "tree"), tmp_path / "a.bundle", "1.1.0", 6)
    with opened(bundle) as found, pytest.raises(Refused, match=r"upgrade\.no_room"):
        unpack(found, tmp_path / "out", 10**18)
    assert not list(tmp_path.glob(".out*"))
    assert unpacking.RESERVE_BYTES > 0


@pytest.mark.parametrize("data", [b"", b"x" * 4000, canonical_bytes({"a": 1})])
def test_a_file_that_is_no_bundle_says_so(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.bundle"
    path.write_bytes(data)
    assert code_of(lambda: unpacked(path, tmp_path / "out")) == "release.not_a_bundle"


def test_a_key_signs_once(publisher: Publisher, tmp_path: Path) -> None:
    bundle = publisher.bundle(tree_in(tmp_path / "tree"), tmp_path / "a.bundle", "1.1.0", 6, signers=("release-1",))
    assert bundles.sign(bundle, "release-1", publisher.keys["release-1"]) == 1
    assert bundles.sign(bundle, "release-2", publisher.keys["release-2"]) == 2
