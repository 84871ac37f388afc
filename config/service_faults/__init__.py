"""Faults of database, disk and broker: known by kind, answered with 503 and what to do."""
