"""A person's own picture: read, rid of its background, and prepared as MNIST was."""
