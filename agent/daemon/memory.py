"""Keeping a box that runs for months small: large pieces of memory go back to the kernel, whoever used them."""

import ctypes
import gc

M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BYTES = 1024 * 1024
ARENAS_MAX = 2


def give_large_pieces_back() -> None:
    """Have the C library map pieces of a megabyte and more by themselves.

    Left alone, it takes the 19 MB of the first PIN's hash as a sign to keep such pieces, one for each thread that
    ever checked a PIN. Says nothing to a C library without `mallopt`.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(M_ARENA_MAX, ARENAS_MAX)


def settle() -> None:
    """Collect once what starting left over, and never look at the rest again."""
    gc.collect()
    gc.freeze()
    gc.enable()
