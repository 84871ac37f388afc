"""Files that workers make for the results page: the report in each language, and tables that grow with the study."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.study_results import analyses
from analysis.study_results.report_files import CONTENT_TYPES, LANGUAGES, Report, files_in
from analysis.study_results.shared_reports import SHARE_ENDED, SHARED
from analysis.tables.participant_table import participants_csv_parts
from analysis.tables.preference_zip import PREFERENCES, preferences_zip
from analysis.tables.study_tables import ANSWERS, answers_csv_parts, ballots_csv_parts, settle_people
from study import jobs
from study.access import Right
from study.background_work.running_code import release
from study.ballots.commitments import ENDED
from study.ballots.table import kinds_of, late_answers
from study.ballots.table_state import table_state
from study.console.downloads import DOWNLOADED
from study.errors import StudyError
from study.jobs import JobKind, RunningJob
from study.models import Ballot, ChainHead, Job, JobFile, Study
from study.published_heads.publishing import NOT_PUBLISHED, PUBLISHED
from study.setup.api_tokens import TOKEN_ENDED, TOKEN_MADE

REPORT, TABLE = "report", "table"
TABLES: Mapping[str, Callable[[Study], Iterator[bytes]]] = {
    "ballots.csv": ballots_csv_parts,
    ANSWERS: answers_csv_parts,
    "participants.csv": participants_csv_parts,
    PREFERENCES: lambda study: iter([preferences_zip(study)]),
}
# Of so many ballots or people a table takes some tenths of a second of a processor: the most in a request.
MOST_IN_A_REQUEST = 5_000
_ROWS_OF_A_BALLOT = 5  # of the long table, about
# Entries of the log that change nothing that a file tells.
_WITHOUT_EFFECT = (DOWNLOADED, ENDED, PUBLISHED, NOT_PUBLISHED, SHARED, SHARE_ENDED, TOKEN_MADE, TOKEN_ENDED)


def results_version(study: Study, _arguments: Mapping[str, Any] = MappingProxyType({})) -> list[Any]:
    """Return what changes whenever a file made from the study's results would.

    That is its row, log, late answers, people and newest analysis. Every change of clips and settings, and what is done
    to people, writes an entry to the log or changes the row.
    """
    row = Study.objects.filter(pk=study.pk).values().get()
    chain = ChainHead.objects.filter(study=study).first()
    entries = chain.number if chain is not None else 0
    analysis = analyses.latest(study)
    return [
        release(),  # another one may write files otherwise
        {name: str(value) for name, value in row.items()},
        entries - study.log.filter(action__in=_WITHOUT_EFFECT).count(),
        late_answers(study).count(),
        table_state(study),  # flags and rules of those who stopped are judged without an entry
        analysis and [analysis.pk, str(analysis.finished_at)],
    ]


def check_results(study: Study, _arguments: Mapping[str, Any]) -> None:
    """Raise NotAllowedNow if no file made from the study's results may be given out: the check of their jobs."""
    analyses.ensure_results(study)


def _make_report(job: RunningJob) -> None:
    """Make all files of the report in one language, and note its figures' titles for their page."""
    language = job.arguments["language"]
    report = Report(analyses.ensure_results(job.study), language)
    names = files_in(language)
    for done, name in enumerate(names):
        job.report(done, len(names), name)
        job.new_result(name, CONTENT_TYPES[name.rpartition(".")[2]]).write_bytes(report.file(name))
    job.outcome["figures"] = [
        {"key": figure.key, "title": figure.title, "caption": figure.caption} for figure in report.figures()
    ]


def _report_title(job: Job) -> str:
    code = job.arguments.get("language", "en")
    return _("Report (%(language)s)") % {"language": translation.get_language_info(code)["name_local"]}


def _make_table(job: RunningJob) -> None:
    name = job.arguments["name"]
    with job.new_result(name, CONTENT_TYPES[name.rpartition(".")[2]]).open("wb") as file:
        for done, part in enumerate(TABLES[name](job.study)):
            job.report(done)
            file.write(part)


def _table_title(job: Job) -> str:
    return str(job.arguments.get("name", ""))


jobs.register(
    JobKind(REPORT, _make_report, _report_title, "study_results", check_results, results_version, right=Right.RESULTS)
)
jobs.register(
    JobKind(
        TABLE,
        _make_table,
        _table_title,
        "study_results",
        check_results,
        results_version,
        settle=settle_people,
        right=Right.DATA,
    )
)


def report_job(study: Study, language: str, actor: Any = None) -> Job:
    """Return the job that makes or made the report's files from the data as they are now; queue it if there is none.

    One that failed or was cancelled is returned too: to look at a page must not repeat it again and again.

    Raises:
        NotAllowedNow: there are no results to report.
    """
    arguments = {"language": language}
    return jobs.newest_job(study, REPORT, arguments) or jobs.request_job(study, REPORT, arguments, actor=actor)


def prepare_reports(study: Study) -> None:
    """Queue the report's files in every language, so that they are ready when somebody comes for them."""
    with suppress(StudyError):  # somebody has withdrawn meanwhile
        for language in LANGUAGES:
            jobs.request_job(study, REPORT, {"language": language})


def is_large(study: Study, name: str) -> bool:
    """Whether the table `name`, one of `TABLES`, is too large to be made in a request; that of preferences always."""
    if name == PREFERENCES:  # it loads Arrow
        return True
    people = study.participants.filter(kind__in=kinds_of(study)).order_by()
    rows = people if name == "participants.csv" else Ballot.objects.filter(trial__participant__in=people).order_by()
    most = MOST_IN_A_REQUEST // _ROWS_OF_A_BALLOT if name == ANSWERS else MOST_IN_A_REQUEST
    return rows[: most + 1].count() > most


def figures_of(file: JobFile) -> list[dict[str, str]]:
    """Return the key, title and caption of each figure in the zip of figures `file`."""
    found: list[dict[str, str]] = file.job.outcome.get("figures", [])
    return found
