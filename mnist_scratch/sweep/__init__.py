"""Many runs: planned, executed, summed up."""
