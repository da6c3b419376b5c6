"""The world outside the shop: headquarters and payment platforms."""
