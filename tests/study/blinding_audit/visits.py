"""Audits in which one pilot alone visits, for tests of what an audit does and not of what it finds."""

from typing import Any

import pytest

from study.blinding_audit import audit
from study.models import Study


def let_one_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first pilot visit the survey; the others are made and deleted, and see nothing."""
    crawl = audit.crawl

    def visit(study: Study, person: int, *more: Any) -> None:
        if person == 0:
            crawl(study, person, *more)

    monkeypatch.setattr(audit, "crawl", visit)
