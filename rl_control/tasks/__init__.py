"""A task = cost + reset distribution + success test + what is randomised."""
