"""Alerts held against labels, against other alerts, and read back."""
