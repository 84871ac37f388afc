"""What participants report of problems, and that somebody has settled it."""

from study.models import ProblemReport, Study


def settle_problem(study: Study, number: int) -> bool:
    """Mark a report as settled; return whether the study has it."""
    return bool(ProblemReport.objects.filter(study=study, pk=number).update(resolved=True))
