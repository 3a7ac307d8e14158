"""Tables and bars for the terminal: evaluations, sweeps, predictions."""
