"""HTML pages: the report of a run, and the page to draw on."""
