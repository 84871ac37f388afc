"""A comparison in a bounded process: it reads what others made, and the web process does without SciPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from analysis.comparison.errors import SourceRefused
from study.untrusted_files.bounded_process import Answer, BoundedProcess, ProcessEnded, serve

# An export's analysis of 200 clips takes a fiftieth of either.
MEMORY = 1_500 * 2**20
SECONDS = 30


class Comparer(BoundedProcess):
    """Compares sources as `compare` does; use it with `with`.

    Raises, by `with`:
        TooManyAtOnce: other files are read already.
    """

    def __init__(self) -> None:
        super().__init__(__name__, memory=MEMORY, seconds=SECONDS)

    def compare(
        self,
        studies: Sequence[Mapping[str, Any]],
        files: Sequence[tuple[Path, str]],
        kept: Sequence[str],
        choice: Mapping[str, str],
        method: str,
    ) -> dict[str, Any]:
        """Return the `comparison`, the `choices` there are, `kept` texts of all files, and `refused`, sentences.

        Args:
            studies: as `study_sources.study_facts` gives them.
            files: uploaded ones, with their names.
            kept: texts of files that were uploaded before.
            choice: the fields of `Choice`.

        Raises:
            SourceRefused: a file takes too much memory or time.
        """
        question = {
            "studies": list(studies),
            "files": [[str(path.absolute()), name] for path, name in files],
            "kept": list(kept),
            "choice": dict(choice),
            "method": method,
        }
        try:
            answer, _blobs = self.ask(question)
        except ProcessEnded as error:
            text = _(
                "Reading these files takes too much time or memory. Add fewer of them, or their analysis.json alone."
            )
            raise SourceRefused(text) from error
        return answer


def main() -> None:
    """Be the child."""
    serve(_answer)


def _answer(question: dict[str, Any], _data: bytes) -> Answer:
    from analysis.comparison.comparing import choices_of, compare
    from analysis.comparison.files import read_source
    from analysis.comparison.kept_sources import kept_text, source_from
    from analysis.comparison.matching import Choice
    from analysis.comparison.source_facts import source_of

    sources, of_files, refused = [], [], []
    for row in question["studies"]:
        try:
            sources.append(
                source_of(row["name"], "study", row["digest"], row["result"], row["facts"], slug=row["slug"])
            )
        except SourceRefused as error:
            refused.append(str(error))
    of_files += [source for text in question["kept"] if (source := source_from(text)) is not None]
    for path, name in question["files"]:
        try:
            of_files.append(read_source(Path(path), name))
        except (SourceRefused, OSError) as error:
            refused.append(str(error))
    seen: dict[str, Any] = {}
    for source in of_files:  # the same file, added again
        seen.setdefault(source.digest, source)
    sources += seen.values()
    return {
        "comparison": compare(sources, Choice(**question["choice"]), question["method"]),
        "choices": choices_of(sources),
        "kept": [{"name": source.name, "text": kept_text(source)} for source in seen.values()],
        "refused": refused,
    }, []
