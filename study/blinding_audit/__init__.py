"""Does anything but the pixels tell the condition? Watch the survey as people would, and try to guess."""

from study.blinding_audit.audit import AuditReport, audit_study, perform
from study.blinding_audit.guess import Channel

__all__ = ["AuditReport", "Channel", "audit_study", "perform"]
