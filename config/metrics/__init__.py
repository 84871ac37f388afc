"""Figures for Prometheus at /metrics: of requests, counted by each web process, and of work, read from the database.

No figure is about a person or a study, and no label holds an address.
"""
