"""Ballots: who may answer, casting, the receipts that prove ballots, and the ballot table that the analysis reads.

May import the design and the models. Door: `permission`, `casting`, `receipts` and `table`.
"""
