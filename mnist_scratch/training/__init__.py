"""The training loop, and what it needs: evaluation, metrics, history, stopping, seeding."""
