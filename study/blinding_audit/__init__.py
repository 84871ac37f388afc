"""Does anything except the pixels reveal the condition of an image? Pilots visit the survey, and bettors try it.

May import the simulation, participants, ballots, the design and the models. Doors: `audit.audit_study`,
`audit.run_queued_audit`, `queueing`, `size` and `verdicts`. The names stay there: every command imports `verdicts`,
few the audit, which is slow to import.
"""
