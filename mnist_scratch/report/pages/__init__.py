"""HTML pages: the report of a run, and the page that classifies drawings."""
