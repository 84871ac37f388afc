"""Audits in which one pilot alone visits, for tests of what an audit does and not of what it finds."""

import pytest

from study.blinding_audit import audit


def let_one_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first pilot visit the survey; the others are made and deleted, and see nothing."""
    crawl = audit.crawl
    monkeypatch.setattr(
        audit, "crawl", lambda study, person, *more: crawl(study, person, *more) if not person else None
    )
