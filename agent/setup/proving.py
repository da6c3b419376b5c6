"""Which printer and scanner proved each other: test slips by their random number, tills by who scanned them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.core.codes import CHARACTER_PROBE
from agent.core.errors import Refused
from agent.core.ports import Clock, Entropy
from agent.core.receipt_steps import Proven
from agent.core.setup_codes import NONCE_BYTES
from agent.setup.bindings import Binding
from agent.setup.devices import SetupPrinter, SetupScanner


@dataclass(slots=True)
class Slip:
    """A test slip on paper; `printed_at_s` is monotonic."""

    printer: SetupPrinter
    nonce: bytes
    print_ms: int = 0
    printed_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Bound:
    """A till's printer and scanner, and how long the scan took after the slip was out."""

    slip: Slip
    scanner: SetupScanner
    scan_ms: int

    @property
    def proven(self) -> Proven:
        """What the slips say about it."""
        printer = self.slip.printer
        return Proven(printer.till, printer.title, self.scanner.title, self.scan_ms // 1000)


class Proving:
    """The test slips of one setup, and what came of them."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._slips: dict[bytes, Slip] = {}
        self.bound: dict[str, Bound] = {}
        self.alphabet = "base32"
        """What a scanner is known to bring whole: `base32`, `mixed` (lower case and marks too), `caps`."""

    def slip_for(self, printer: SetupPrinter) -> Slip:
        """Return a new test slip; earlier ones of the printer count no more."""
        self._slips = {nonce: one for nonce, one in self._slips.items() if one.printer.till != printer.till}
        slip = Slip(printer, self._entropy.random_bytes(NONCE_BYTES))
        self._slips[slip.nonce] = slip
        return slip

    def scanned(self, nonce: bytes, scanner: SetupScanner) -> tuple[Bound, bool]:
        """Bind the slip's till to the scanner; returns it, and whether it was bound so already.

        Refuses `setup.other_slip` for one that is not of this setup, `setup.scanner_taken` when the scanner proved
        another till: two tills with one scanner would ring up into each other.
        """
        slip = self._slips.get(nonce)
        if slip is None:
            raise Refused("setup.other_slip")
        till = slip.printer.till
        other = next((one for one, bound in self.bound.items() if bound.scanner is scanner and one != till), None)
        if other is not None:
            raise Refused("setup.scanner_taken", till=other)
        known = self.bound.get(till)
        if known is not None and known.scanner is scanner:
            return known, True
        self.bound[till] = Bound(slip, scanner, int((self._clock.monotonic_s() - slip.printed_at_s) * 1000))
        return self.bound[till], False

    def probed(self, text: str) -> bool:
        """Take a scan of the character probe; tells whether it was one."""
        if text == CHARACTER_PROBE:
            self.alphabet = "mixed"
        elif text.swapcase() == CHARACTER_PROBE:
            self.alphabet = "caps"
        else:
            return False
        return True

    def waiting(self) -> list[str]:
        """Return the tills whose slips nobody scanned yet."""
        return sorted({one.printer.till for one in self._slips.values()} - set(self.bound))

    def bindings(self, printers: Sequence[SetupPrinter], scanners: Sequence[SetupScanner]) -> list[Binding]:
        """Return the tills as they are to be set up; where nothing was proved, the first printer and scanner found."""
        if self.bound:
            return [
                _binding(one.slip.printer, one.scanner)
                for _, one in sorted(self.bound.items(), key=lambda item: item[0])
            ]
        first = printers[0] if printers else None
        scanner = scanners[0] if scanners else None
        return [_binding(first, scanner)] if first or scanner else []


def _binding(printer: SetupPrinter | None, scanner: SetupScanner | None) -> Binding:
    found = Binding(
        printer.till if printer else "1",
        scanner=scanner.url if scanner else "",
        scanner_model=scanner.model if scanner else "",
    )
    if printer is None:
        return found
    return replace(found, printer=printer.url, profile=printer.profile, chinese=printer.chinese)
