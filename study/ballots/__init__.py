"""Ballots: casting them, the receipts that prove them, and the ballot table that the analysis reads.

May import the design and the models; door: `casting`, `receipts`, `table`.
"""
