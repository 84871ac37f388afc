"""The addresses of the API about a study's answers: its tables, sealed as everywhere, and its results.

The commands give out the same contents.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest

from analysis.study_results import analyses
from analysis.tables.participant_table import participants_table
from analysis.tables.study_tables import answers_table, ballots_table
from study.access import Access, Right
from study.api.access import api_page
from study.api.contents import after_of, time_text
from study.console.downloads import note_download
from study.models import Study

# So many rows take some tenths of a second of a processor: the most of one answer, but for the last person's.
MOST_ROWS = 5_000


@api_page(Right.DATA)
def api_ballots(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Give the ballot table, a page of people at a time."""
    return ballots_contents(access, after_of(request.GET.get("after")))


@api_page(Right.DATA)
def api_long(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Give the long table of all answers, a page of people at a time."""
    return long_contents(access, after_of(request.GET.get("after")))


@api_page(Right.DATA)
def api_answers(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Give the table of participants with their answers to questions, a page at a time."""
    return answers_contents(access, after_of(request.GET.get("after")))


@api_page(Right.RESULTS)
def api_results(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Give the analysis JSON of the newest analysis, once the seal is off."""
    return results_contents(access)


def ballots_contents(access: Access, after: int = -1) -> dict[str, Any]:
    """The rows of ballots.csv of the people behind the number `after`.

    While the study is sealed, conditions are labels that differ by person, and what could decode them is left out.
    """
    columns, people = ballots_table(access.study, after=after)
    return _table(access, "ballots.json", columns, people)


def answers_contents(access: Access, after: int = -1) -> dict[str, Any]:
    """The rows of participants.csv of the people behind the number `after`."""
    columns, rows = participants_table(access.study, after=after)
    return _table(access, "participants.json", columns, ((number, [row]) for number, row in rows))


def long_contents(access: Access, after: int = -1) -> dict[str, Any]:
    """The rows of answers.csv, the long table of all answers, of the people behind the number `after`."""
    columns, people = answers_table(access.study, after=after)
    return _table(access, "answers.json", columns, people)


def _table(
    access: Access, name: str, columns: Sequence[str], people: Iterable[tuple[int, list[Sequence[Any]]]]
) -> dict[str, Any]:
    """Return columns and rows of whole people, at most `MOST_ROWS` but for the last one's, and log that they left."""
    rows: list[Sequence[Any]] = []
    last, more = None, False
    for number, of_person in people:
        if len(rows) >= MOST_ROWS:
            more = True
            break
        rows += of_person
        last = number
    note_download(access.study, name, actor=access.user)
    study = access.study
    return {"columns": list(columns), "rows": rows, "sealed": study.is_sealed, "next": last if more else None}


def results_contents(access: Access) -> dict[str, Any]:
    """The newest analysis; the log says who took it.

    Raises:
        NotAllowedNow: the study is sealed, was not analysed, or somebody has withdrawn since.
    """
    study: Study = access.study
    analysis = analyses.ensure_results(study)
    note_download(study, "analysis.json", actor=access.user)
    return {
        "analysis": analysis.result,
        "analysed_at": time_text(analysis.finished_at),
        "current": analyses.is_current(analysis),
        "ballots_digest": analysis.ballots_digest,
        "plan_digest": analysis.plan_digest,
        "versions": analysis.versions,
    }
