"""Where data sets come from: the table of all, where files lie, downloads, verification."""
