"""From logits to loss and gradient, explained step by step."""
