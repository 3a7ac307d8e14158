"""Pictures of runs and data sets."""
