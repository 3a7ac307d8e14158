"""A person's own pictures: read, background subtracted, prepared as MNIST was, or resized."""
