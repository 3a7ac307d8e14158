"""Sweeps: every combination of some settings with many seeds, trained and compared."""
