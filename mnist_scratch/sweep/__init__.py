"""Sweeps: many runs planned, executed and summed up."""
