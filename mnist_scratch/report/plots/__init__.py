"""Pictures of runs, evaluations, sweeps and data sets, drawn with Matplotlib."""
