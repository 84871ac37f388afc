"""Verification in place: are log, ballots, answers and exclusions of a study what they were when they were stored?

Changes nothing, but that whoever stopped is bound first, if answers have ended.

Doors: `verify_study`, `verify_installation`, `check_heads`, `check_files`.
"""

from study.verification.files import check_files
from study.verification.findings import Findings
from study.verification.heads import check_heads, of_no_chain
from study.verification.verify import verify_installation, verify_study

__all__ = ["Findings", "check_files", "check_heads", "of_no_chain", "verify_installation", "verify_study"]
