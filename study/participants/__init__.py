"""Participants from enrolment to withdrawal: links, tokens, questions, progress, events, quality flags, exclusion.

May import ballots, the design and the models; each module is a door of its own.
"""
