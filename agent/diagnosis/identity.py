"""Who this box is, whether its key is the enrolled one, and whether anybody else can read it."""

import stat
from collections.abc import Iterable

from agent.core.errors import Broken
from agent.diagnosis.finding import Finding, degraded, failing, well
from agent.diagnosis.site import Site


def enrolment(site: Site) -> Finding:
    """Who this box is."""
    from agent.daemon.box import enrolment_of

    if not site.settings.state.is_dir():
        folder = str(site.settings.state)
        return failing("state.missing", "enrolment", (folder, folder), folder=folder)
    who = enrolment_of(site.settings.state).identity
    text = f"{who.store} / {who.box} / {who.epoch}"
    return well("enrolment", f"门店/盒子/纪元 {text}", f"store / box / epoch {text}")


def device_key(site: Site) -> Iterable[Finding]:
    """Whether the key that signs for this box is there and is the one that was enrolled."""
    from sync.enrol import device_key as key_of
    from sync.enrol import load_enrolment
    from sync.keys import FileKey, device_key_path

    enrolled = load_enrolment(site.settings.state)
    if enrolled is None:
        return
    path = device_key_path(site.settings.state, enrolled.identity.epoch)
    waiting = path.with_name("device-new.key")
    # a start finishes an enrolment that was cut off; an examination only looks at the key that waits
    unfinished = not path.exists() and waiting.exists()
    found = FileKey.load(waiting) if unfinished else key_of(site.settings.state, enrolled)
    if found.public_key != enrolled.public_key:
        raise Broken("key.not_the_enrolled", file=path.name)
    short = found.public_key.hex()[:16]
    yield well("device key", f"公钥 {short}…", f"public key {short}…")


def keys(site: Site) -> Iterable[Finding]:
    """Whether only the box's user can read the keys."""
    folder = site.settings.state / "keys"
    if not folder.is_dir():
        return
    secret = (path for path in sorted(folder.iterdir()) if path.suffix != ".pub")
    exposed = [path.name for path in secret if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if exposed:
        files = ", ".join(exposed)
        yield failing("key.open_to_others", "keys", (files, files), files=files, folder=str(folder))
        return
    yield well("keys", "只有本用户能读", "readable by the box's user alone")


def merchant_keys(site: Site) -> Finding:
    """How merchants' secrets are kept: readable by others fails, outside the unit's credentials is degraded."""
    from agent.diagnosis.secrets_at_rest import secret_files

    exposed, outside = secret_files(site.settings)
    if exposed:
        files = ", ".join(exposed)
        return failing("key.merchant_open", "merchant keys", (files, files), files=files)
    if outside:
        files = ", ".join(outside)
        return degraded("key.plain_file", "merchant keys", (files, files), files=files)
    return well("merchant keys", "没有放在外面的密钥", "none lies about")


EXAMINATIONS = (enrolment, device_key, keys, merchant_keys)
