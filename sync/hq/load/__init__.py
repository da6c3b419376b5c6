"""Boxes that exist only on the wire: valid keys, valid chains, real uploads, as many as a chain has shops."""
