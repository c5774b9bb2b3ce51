"""Predictions to a report with intervals, beside baselines; the model card, the quality gate."""
