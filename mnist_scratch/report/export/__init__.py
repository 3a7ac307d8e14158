"""Models in forms that other programs read."""
