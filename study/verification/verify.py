"""Verify a study, or the installation's own log, in place."""

from collections.abc import Iterable

from study.ballots.commitments import bind_unfinished
from study.models import Study
from study.verification.chain import check_chain
from study.verification.course import check_course
from study.verification.findings import Findings
from study.verification.log_facts import LogFacts
from study.verification.people import check_people
from study.verification.stages import check_stages


def verify_study(study: Study, receipts: Iterable[str] = ()) -> tuple[Findings, list[str]]:
    """Check the study's log, plan, status, ballots, commitments and exclusions, as they are in the database now.

    Whoever stopped is bound first, if answers have ended.

    Returns:
        What was found, and those of the receipts that nobody of this study was given.
    """
    bind_unfinished(study)
    study.refresh_from_db()
    found, facts = Findings(), LogFacts()
    last = check_chain(study, found, facts.gather)
    check_course(study, facts.changes, found)
    check_stages(study, facts, found)
    return found, check_people(study, facts, last, receipts, found)


def verify_installation() -> Findings:
    """Check the log of the installation: sign-ins, accounts, studies deleted."""
    found = Findings()
    check_chain(None, found)
    return found
