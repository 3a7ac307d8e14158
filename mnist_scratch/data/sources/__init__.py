"""Where data sets come from: found, fetched, verified, loaded."""
