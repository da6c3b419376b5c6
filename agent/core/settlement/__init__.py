"""The third leg: what platforms and shops owe the bank, against what the bank says came."""
