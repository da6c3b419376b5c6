"""Setup mode: what a box does until it is enrolled, with a scanner as keyboard and a printer as screen."""
