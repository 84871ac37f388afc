"""The set-up of a study: import of clips and tags, drafting, copying, the path of steps, the checks before opening, the
life cycle.

May import the blinding audit, participants, ballots, the design and the models; each module is a door of its own.
"""
