"""What trained networks say about images."""
