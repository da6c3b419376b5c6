"""Bills in the platforms' own forms, every class of matching planted at known places, the journal beside them."""
