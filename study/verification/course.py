"""Check a study's plan, status and times against the log."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from study.digests import canonical_digest
from study.models import LogEntry, Study
from study.verification.findings import Findings
from study.verification.log_facts import STATUS_AFTER

# Row and entry are written one after the other in one transaction.
_AT_ONCE = timedelta(minutes=1)


def check_course(study: Study, changes: Sequence[LogEntry], found: Findings) -> None:
    """Compare the study's status, its times and the digest of its plan with the entries that changed its status."""
    expected = STATUS_AFTER[changes[-1].action] if changes else Study.Status.DRAFT
    if study.status != expected:
        found.faults.append(f"The study is {study.status}; by its log it is {expected.value}.")
    for action, at in (("opened", study.opened_at), ("closed", study.closed_at)):
        found.faults += _check_time(action, at, [entry for entry in changes if entry.action == action])
    openings = [entry for entry in changes if entry.action == "opened"]
    if not openings:
        return
    fixed = str(openings[-1].data.get("plan_digest", ""))
    if canonical_digest(study.plan.get("fixed")) != fixed:
        found.faults.append("The plan is not the one whose digest the log holds since the study was opened.")
    plan = study.plan.get("fixed")
    if isinstance(plan, dict) and (plan.get("instrument") or {}) != study.instrument:
        found.faults.append("The questions of the trials are not those of the plan that was fixed.")
    if study.plan_digest != fixed:
        found.faults.append("The plan's digest is not the one in the log's entry “opened”.")
    found.checked.append(f"the plan, as it was fixed at opening: {fixed}")


def _check_time(action: str, at: datetime | None, entries: Sequence[LogEntry]) -> list[str]:
    logged = entries[-1].at if entries else None
    if at is None or logged is None:
        return [] if at is logged else [f"The study was {action} by its row or by its log only, not by both."]
    return [] if abs(at - logged) <= _AT_ONCE else [f"The study was {action} at {at}; its log says {logged}."]
