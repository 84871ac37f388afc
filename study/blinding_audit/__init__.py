"""Does anything except the pixels reveal the condition of an image? Pilots walk the survey, and a guesser tries it.

May import the simulation, participants, ballots, the design and the models. Doors: `audit_study`, `run_queued_audit`,
`queueing` and `verdicts`.
"""

from study.blinding_audit.audit import AuditReport, audit_study, run_queued_audit
from study.blinding_audit.guess import ChannelVerdict

__all__ = ["AuditReport", "ChannelVerdict", "audit_study", "run_queued_audit"]
