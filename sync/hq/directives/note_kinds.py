"""What a note about directives can be; a kind never changes meaning."""

from enum import StrEnum


class FleetNote(StrEnum):
    """Kinds of notes, each with what its body holds."""

    DIRECTIVE_PUT = "directive.put"
    """`version`, `sha256`, `effective_ms`; the subject is the directive's kind."""
    VERB_ASKED = "verb.asked"
    """`version`, `verb`, `reason`, `expires_at_ms`; the subject is `verb VERSION`."""
    VERB_ANSWERED = "verb.answered"
    """`version`, `outcome`, `code`, `epoch`; the subject is `verb VERSION`."""
