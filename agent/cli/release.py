"""`storebox release`: for the publisher: keys, the bundle of a release, its two signatures."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.output import JsonOption, print_json
from agent.core.errors import Refused

release_app = typer.Typer()

KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key, PEM; stays with its holder.")]
Lists = Annotated[
    Path,
    typer.Option("--keys", metavar="FILE", exists=True, dir_okay=False, help="The signed key list, or a JSON list."),
]


@release_app.command()
def key(file: Path, as_json: JsonOption = False) -> None:
    """Make a release key or a root key, and print its public half. One holder a key; a file is never overwritten."""
    from sync.keys import FileKey

    if file.exists():
        raise Refused("release.key_in_use", file=file.name)
    public_key = FileKey.load_or_create(file).public_key.hex()
    if as_json:
        print_json({"file": str(file), "public_key": public_key})
    else:
        typer.echo(public_key)


@release_app.command()
def keys(
    target: Path,
    version: Annotated[int, typer.Option(min=1, help="One more than the list before.")],
    root: Annotated[list[str], typer.Option(metavar="HEX", help="Public key of a root; at least two.")],
    signer: Annotated[
        list[str], typer.Option(metavar="KID=HEX", help="Name and public key that may sign; at least two.")
    ],
    root_key: Annotated[list[Path], typer.Option(metavar="FILE", help="A root's private key; two of the list before.")],
) -> None:
    """Make a key list, signed by two roots: of the list before, or for the first list its own."""
    from agent.core.canonical import canonical_bytes
    from agent.core.release import key_list_message, parse_key_list
    from agent.upgrade.place import write_whole
    from sync.keys import FileKey

    rows = [{"kid": kid, "public_key": hexadecimal} for kid, _, hexadecimal in (one.partition("=") for one in signer)]
    document: dict[str, Any] = {"version": version, "roots": list(root), "keys": rows}
    parse_key_list(document)
    message = key_list_message(document)
    document["signatures"] = [FileKey.load(path).sign(message).hex() for path in root_key]
    write_whole(target, canonical_bytes(document))
    typer.echo(f"{target}: version {version}, {len(rows)} release keys, {len(root_key)} signatures")


@release_app.command()
def make(
    tree: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The release as it is installed.")],
    target: Annotated[Path, typer.Argument(help="The bundle to write: storebox-0.2.0-amd64.bundle.")],
    version: Annotated[str, typer.Option(help="The version that /health will answer.")],
    sequence: Annotated[int, typer.Option(min=1, help="Higher than of every release before.")],
    key_lists: Lists,
    min_from: Annotated[int, typer.Option(min=0, help="Oldest sequence that it may replace.")] = 0,
    channel: str = "stable",
    arch: Annotated[str | None, typer.Option(help="amd64, arm64, or all; this machine's by default.")] = None,
    python: Annotated[str | None, typer.Option(help="3.11, or any; this program's by default.")] = None,
    not_after: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Advice that is shown.")] = None,
) -> None:
    """Pack a release tree into a bundle that nobody has signed yet."""
    from agent.core.canonical import parse
    from agent.upgrade import bundle
    from agent.upgrade.place import own_arch, own_python

    found = parse(key_lists.read_bytes())
    facts: dict[str, object] = {
        "version": version,
        "sequence": sequence,
        "min_from": min_from,
        "channel": channel,
        "arch": arch or own_arch(),
        "python": python or own_python(),
        "not_after": not_after,
    }
    scratch = Path(tempfile.mkdtemp(prefix="storebox-release-", dir=target.parent))
    try:
        made = bundle.make(tree, target, facts, found if isinstance(found, list) else [found], scratch)  # type: ignore[list-item]
    finally:
        shutil.rmtree(scratch)
    typer.echo(
        f"{target}: {len(made['files'])} files, {target.stat().st_size / 1e6:.1f} MB; two signatures are missing"
    )


@release_app.command()
def sign(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    kid: Annotated[str, typer.Option(help="The name of the key in the key list.")],
    key_file: KeyFile,
) -> None:
    """Sign a bundle with one key. Two different people do this, each with an own key."""
    from agent.upgrade.bundle import sign as sign_bundle
    from sync.keys import FileKey

    count = sign_bundle(bundle, kid, FileKey.load(key_file))
    typer.echo(f"{bundle}: {count} signature{'s' if count > 1 else ''}")


@release_app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], key_lists: Lists, as_json: JsonOption = False
) -> None:
    """Check a bundle as a box would, but for what the box itself is: both signatures and every file."""
    from agent.core.canonical import parse
    from agent.core.release import check_signatures, followed, parse_key_list
    from agent.upgrade.bundle import opened
    from agent.upgrade.pending import digest_of
    from agent.upgrade.unpack import unpack

    found = parse(key_lists.read_bytes())
    trusted = parse_key_list(found[0] if isinstance(found, list) and found else found)
    scratch = Path(tempfile.mkdtemp(prefix="storebox-release-"))
    try:
        with opened(bundle) as one:
            check_signatures(one.manifest, followed(trusted, one.key_lists))
            unpack(one, scratch / "tree", reserve_bytes=0)
            manifest = one.manifest
    finally:
        shutil.rmtree(scratch)
    facts = {
        "version": manifest.version,
        "sequence": manifest.sequence,
        "files": len(manifest.files),
        "not_after": manifest.not_after,
        "sha256": digest_of(bundle),
    }
    if as_json:
        print_json(facts)
    else:
        typer.echo(f"good: {manifest.version}, number {manifest.sequence}, {len(manifest.files)} files")
