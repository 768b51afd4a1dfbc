"""What was seen and what was learned, on disk: transitions, recordings, bags, checkpoints."""
