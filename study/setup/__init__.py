"""The set-up of a study: imports, drafting, copying, the path of steps, the preflight checks and the life cycle.

May import the blinding audit, participants, ballots, the design and the models; each module is a door of its own.
"""
