"""Pictures, drawn from run folders alone."""
