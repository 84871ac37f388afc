"""What tests of exports share."""

import hashlib
import json
from collections.abc import Iterator, Sequence

import pytest

from analysis.report.files import figure_files, pdf
from analysis.report.files.typesetting import TypstProject, typeset

_CALLERS = (pdf, figure_files)


def _stand_ins(projects: Sequence[TypstProject]) -> list[bytes]:
    texts = [json.dumps([project.format, project.files], sort_keys=True) for project in projects]
    return [f"for {hashlib.sha256(text.encode()).hexdigest()}".encode() for text in texts]


@pytest.fixture(scope="module", autouse=True)
def _typeset_nothing() -> Iterator[None]:
    """PDFs and pictures of figures hold the digests of what would be typeset, which takes half of an export's time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in _CALLERS:
            patch.setattr(module, "typeset", _stand_ins)
        yield


@pytest.fixture
def typesetting(_typeset_nothing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typeset them, as the product does."""
    for module in _CALLERS:
        monkeypatch.setattr(module, "typeset", typeset)
