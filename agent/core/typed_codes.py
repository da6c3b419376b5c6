"""Secrets of eight characters that a person can type: Crockford's Base32, forty bits.

Source: crockford.com/base32.html. No I, L, O and U; what looks like another character is read as it.
"""

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARACTERS = 8
RANDOM_BYTES = 5
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


def typed_code(random_bytes: bytes) -> str:
    """Return the code of 5 random bytes, without its hyphen."""
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"a typed code has {RANDOM_BYTES} bytes, not {len(random_bytes)}")
    number = int.from_bytes(random_bytes)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))


def read_typed_code(text: str) -> str | None:
    """Return a code as `typed_code` writes it, however it was typed; None for what is none."""
    bare = text.replace("-", "").replace(" ", "").upper().translate(_READ_AS)
    return bare if len(bare) == CHARACTERS and set(bare) <= set(CROCKFORD) else None


def shown_typed_code(code: str) -> str:
    """Return a code as it is shown: two groups of four."""
    return f"{code[:4]}-{code[4:]}"
