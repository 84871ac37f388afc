"""What tests of other things do without: a process for each file that is read, and typeset PDFs and pictures.

Both are what they are in production in the tests of their own (`tests/study/untrusted_files/`, `tests/config/uploads/`,
`tests/analysis/report/`) and in one test of each page that uses them.
"""

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import pytest

from analysis.report.files import figure_files, pdf
from analysis.report.files.typesetting import TypstProject
from study.untrusted_files.bounded_process import Answer, BoundedProcess

STARTS = {"pdf": b"%PDF-1.7 not typeset", "png": b"\x89PNG\r\n\x1a\n not drawn"}


def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process answer what is asked about untrusted files, with what passes through JSON."""

    def ask(process: BoundedProcess, question: dict[str, Any], data: bytes = b"") -> Answer:
        module = import_module(process._module)
        found: list[Callable[[dict[str, Any], bytes], Answer]] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "serve", found.append)
            module.main()
        values, blobs = found[0](json.loads(json.dumps(question)), data)
        return json.loads(json.dumps(values)), blobs

    def close(process: BoundedProcess) -> None:
        for value in vars(import_module(process._module)).values():
            if hasattr(value, "cache_clear"):  # the next process would know nothing of these files
                value.cache_clear()

    monkeypatch.setattr(BoundedProcess, "ask", ask)
    monkeypatch.setattr(BoundedProcess, "close", close)


def typeset_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each PDF and PNG of a report be its first bytes."""

    def typeset(projects: Sequence[TypstProject]) -> list[bytes]:
        return [STARTS[project.format] for project in projects]

    for module in (figure_files, pdf):
        monkeypatch.setattr(module, "typeset", typeset)
