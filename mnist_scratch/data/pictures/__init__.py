"""A person's own picture: read, its background subtracted, and prepared as MNIST was."""
