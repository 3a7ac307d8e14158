"""From bytes to batches: the IDX format, the data sets and where they come from, the loader."""
