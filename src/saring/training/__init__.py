"""Training: corpus, splits, tasks, fitting, label issues."""

__all__ = ["assess", "corpus", "fit", "splits", "tasks", "trainer"]
