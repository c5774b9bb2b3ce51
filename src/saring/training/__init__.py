"""Training: corpus, splits, tasks, fitting, label issues."""
