"""Pictures of runs, and the explanation of their loss in numbers, words and pictures."""
