"""The training loop, the evaluation, and the folder that a run leaves behind."""
