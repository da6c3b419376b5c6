"""Customer displays on a pole: two rows of cells."""
