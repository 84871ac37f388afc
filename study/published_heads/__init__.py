"""Published heads: the head of a chain, sent where whoever can change the database cannot change it afterwards.

Doors: `heads` (read published heads and compare them with a chain) and `publishing` (publish what is due).
"""
