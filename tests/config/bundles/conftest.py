"""What tests of exports share."""

import hashlib
import json
from collections.abc import Iterator, Sequence

import pytest

from analysis.report.files import figure_files, pdf
from analysis.report.files.typesetting import TypstProject
from tests import without_processes


def _stand_ins(projects: Sequence[TypstProject]) -> list[bytes]:
    texts = [json.dumps([project.format, project.files], sort_keys=True) for project in projects]
    return [f"for {hashlib.sha256(text.encode()).hexdigest()}".encode() for text in texts]


def _start_none(patch: pytest.MonkeyPatch) -> None:
    without_processes.read_here(patch)
    for module in (figure_files, pdf):
        patch.setattr(module, "typeset", _stand_ins)


@pytest.fixture(scope="module", autouse=True)
def without_others() -> Iterator[pytest.MonkeyPatch]:
    """Files are read in this process; PDFs and pictures of figures are the digests of what would be typeset.

    Processes for both take longer than all else that is done with an export.
    """
    with pytest.MonkeyPatch.context() as patch:
        _start_none(patch)
        yield patch


@pytest.fixture
def processes(without_others: pytest.MonkeyPatch) -> Iterator[None]:
    """Start them, as the product does."""
    without_others.undo()
    yield
    _start_none(without_others)
