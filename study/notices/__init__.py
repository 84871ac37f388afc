"""Mails to those who run a study, about what needs them: found, noted once, and sent to who wants them.

Doors: `choices` (who wants which mails), `finding` (what is found, registered by kind) and `sending` (do what is due).
"""
