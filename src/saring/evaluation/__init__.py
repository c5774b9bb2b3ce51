"""Predictions to a report with intervals, beside baselines; its plots, the model card, the quality gate."""
