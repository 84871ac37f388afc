"""Verification in place: are log, ballots, answers and exclusions of a study what they were when they were stored?

Reads only. Door: `verify_study`, `verify_installation`.
"""

from study.verification.findings import Findings
from study.verification.verify import verify_installation, verify_study

__all__ = ["Findings", "verify_installation", "verify_study"]
