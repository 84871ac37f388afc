import pytest
from django.core.files.storage import default_storage

from study.jobs import kinds


def stored_files() -> set[str]:
    """The stored files of jobs. Those of other tests, whose rows were rolled back, may lie there too."""
    return set(default_storage.listdir("jobs")[1]) if default_storage.exists("jobs") else set()


def forget_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test register job kinds of its own."""
    for name in kinds._modules:
        kinds.kind_named(name)  # now: a kind that is registered while they are replaced would be lost afterwards
    monkeypatch.setattr(kinds, "_kinds", {})
