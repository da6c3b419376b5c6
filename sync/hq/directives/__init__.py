"""What goes down to boxes: signed documents of each kind, facts and verbs; and the bundles that boxes send up."""
