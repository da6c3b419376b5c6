"""Slips of setup mode beside invitation and self-test: a refusal, the network layer by layer, the box that is ready.

Pure. Every one is bilingual where it says that something did not work: who sets up is not always who reads Chinese.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.core.receipt_parts import Block, Document, Translate, both, centred, document, pair, rule, text
from agent.core.sentences import Sentence, help_code


class NetworkStep(StrEnum):
    """The way from the box to headquarters, nearest layer first."""

    LINK = "link"
    ADDRESS = "address"
    GATEWAY = "gateway"
    DNS = "dns"
    HEADQUARTERS = "headquarters"
    TLS = "tls"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one layer stands; `good` None: not tried, because a nearer one is at fault."""

    step: NetworkStep
    good: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Proven:
    """A till whose printer and scanner proved each other; `seconds` from the slip's end to the scan."""

    till: str
    printer: str
    scanner: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Belonging:
    """What a box has agreed on with headquarters. `pinned`: the root key was known before the code was scanned."""

    store: str
    box: str
    epoch: int
    headquarters: str
    fingerprint: str
    pinned: bool


def refusal_document(code: str, said: Sentence, box: str, translate: Translate, language: str) -> Document:
    """Return one refusal: what, what to do, code and help code; Chinese first, English below."""
    blocks: list[Block] = [
        centred(said.zh_title, "tall" if language.startswith("zh") else "normal"),
        text(said.zh_detail),
        *([text(said.zh_remedy, indent=2)] if said.zh_remedy else []),
        rule(),
        text(said.en_title),
        text(said.en_detail),
        *([text(said.en_remedy, indent=2)] if said.en_remedy else []),
        rule(),
        both(translate("Box {box}").format(box=box), f"{help_code(code)} {code}"),
    ]
    return document(said.zh_title, language, blocks)


def network_document(steps: Sequence[StepResult], mac: str, box: str, translate: Translate, language: str) -> Document:
    """Return how far the box comes, layer by layer, with what a site's network people ask for."""
    names = {
        NetworkStep.LINK: translate("Cable or Wi-Fi"),
        NetworkStep.ADDRESS: translate("Address"),
        NetworkStep.GATEWAY: translate("Gateway"),
        NetworkStep.DNS: translate("Name server"),
        NetworkStep.HEADQUARTERS: translate("Headquarters"),
        NetworkStep.TLS: translate("Secure connection"),
        NetworkStep.SIGNED: translate("Signed answer"),
    }
    words = {True: translate("good"), False: translate("NOT GOOD"), None: translate("not tried yet")}
    blocks: list[Block] = [centred(translate("NETWORK"), "double"), rule("=")]
    for one in steps:
        blocks.append(pair(names[one.step], words[one.good]))
        if one.detail:
            blocks.append(text(one.detail, indent=2))
    blocks += [rule(), text(translate("Box {box}").format(box=box)), text(f"MAC {mac}")]
    return document(translate("NETWORK"), language, blocks)


def packet_document(count: int, box: str, url: str, translate: Translate, language: str) -> Document:
    """Return that a stick brought `count` offline packets, and how to say the characters that open one."""
    title = translate("STICK FOUND")
    found = translate("It holds an enrolment packet, sealed.")
    many = translate("It holds {count} enrolment packets, sealed.")
    blocks = [
        centred(title, "double"),
        rule("="),
        text(found if count == 1 else many.format(count=count)),
        rule(),
        text(translate("Now scan the code of the packet's sheet")),
        text(translate("Or type its 8 characters and Enter, on a keyboard that is plugged in;"), indent=2),
        text(translate("or at {url}").format(url=f"{url}/code"), indent=2),
        rule(),
        text(translate("Three wrong codes: pull the stick and plug it in again.")),
        text(translate("Box {box}").format(box=box)),
    ]
    return document(title, language, blocks)


def typing_document(box: str, page: str, headquarters: str, translate: Translate, language: str) -> Document:
    """Return how to enrol by eight typed characters; `headquarters` is empty where the box knows none."""
    title = translate("TYPE THE CODE")
    known = translate("Headquarters {url}").format(url=headquarters)
    unknown = translate("This box knows no headquarters: its address follows, after a space.")
    blocks = [
        centred(title, "double"),
        rule("="),
        text(translate("Store number, space, the 8 characters, Enter:")),
        text("S001 7K2M-9QXD", size="tall", indent=2),
        text(known if headquarters else unknown),
        rule(),
        text(translate("On a keyboard that is plugged in;")),
        text(translate("or at {url}").format(url=f"{page}/code")),
        text(translate("The 8 characters stand below the code on headquarters' page.")),
        text(translate("Five wrong ones end an hour's tries.")),
        text(translate("Box {box}").format(box=box)),
    ]
    return document(title, language, blocks)


def enrolled_document(who: Belonging, translate: Translate, language: str) -> Document:
    """Return whose box this is now, and on which key that trust stands."""
    trust = (
        translate("The key is the one that came with this box.")
        if who.pinned
        else translate("First contact: compare this key with the one on headquarters' page.")
    )
    blocks = [
        centred(translate("THIS BOX HAS ITS STORE"), "tall"),
        rule("="),
        both(translate("Store {store}").format(store=who.store), translate("Box {box}").format(box=who.box)),
        text(translate("Journal no. {epoch}").format(epoch=who.epoch)),
        text(translate("Headquarters {url}").format(url=who.headquarters)),
        text(translate("Root key {fingerprint}").format(fingerprint=_grouped(who.fingerprint))),
        text(trust),
        rule(),
        text(translate("Step 3  scan the test code")),
    ]
    return document(translate("THIS BOX HAS ITS STORE"), language, blocks)


def takes_over_document(who: Belonging, follows: int | None, old: int, translate: Translate, language: str) -> Document:
    """Return that a box goes on in another's place.

    `follows` is how many older entries come behind the trade, None where headquarters could not be asked yet; `old`
    how many files of the dead box a stick brought.
    """
    title = translate("IN THE OLD BOX'S PLACE")
    waits = translate("No line: sell at once. Older records come by themselves when headquarters is reached.")
    here = translate("What selling needs is here. {count} older entries come by themselves.")
    found = translate("Records of the old box were on the stick: what headquarters lacks is taken over after them.")
    blocks = [
        centred(title, "tall"),
        rule("="),
        both(
            translate("Store {store}").format(store=who.store), translate("Journal no. {epoch}").format(epoch=who.epoch)
        ),
        text(waits if follows is None else here.format(count=follows)),
        *([text(found)] if old else []),
        rule(),
        text(translate("PINs never leave a box: make them anew.")),
        text("storebox staff add", indent=2),
        text(translate("Keep the old box and its disk until headquarters has everything.")),
    ]
    return document(title, language, blocks)


def bound_document(proven: Proven, waiting: Sequence[str], translate: Translate, language: str) -> Document:
    """Return that a till's printer and scanner belong together, and which slips are still to be scanned."""
    blocks = [*_proven(proven, translate), rule()]
    blocks += [text(translate("Now the slip of till {till}, with its scanner").format(till=till)) for till in waiting]
    blocks.append(text(translate("No further till? Scan the same slip again.")))
    return document(translate("TILL READY"), language, [centred(translate("TILL READY"), "tall"), *blocks])


def ready_document(
    who: Belonging, proven: Sequence[Proven], reported: bool, translate: Translate, language: str
) -> Document:
    """Return the last slip of setup: what was proved, whether headquarters knows, and that trade begins."""
    told = translate("Headquarters has the report.") if reported else translate("The report goes up by itself.")
    blocks = [
        centred(translate("READY TO TRADE"), "double"),
        rule("="),
        both(translate("Store {store}").format(store=who.store), translate("Box {box}").format(box=who.box)),
        *(block for one in proven for block in _proven(one, translate)),
        *([] if proven else [text(translate("No test slip was scanned: devices as found."))]),
        rule(),
        text(told),
        text(translate("Log in with a badge at the till.")),
    ]
    return document(translate("READY TO TRADE"), language, blocks)


def _proven(one: Proven, translate: Translate) -> list[Block]:
    return [
        pair(translate("Till {till}").format(till=one.till), translate("good")),
        text(one.printer, indent=2),
        text(one.scanner, indent=2),
    ]


def _grouped(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))
