"""Predictions to a report.

metrics > reports > reporting; render
"""
