"""What stands in the way of a deposit: what the study lacks, and what in it might point to a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from analysis.study_results import analyses
from analysis.study_results.reporting_answers import reporting_answers
from config.deposits import persons
from config.deposits.facts import PublicationFacts, publication_facts
from config.deposits.media import Medium, copy_media
from config.deposits.personal.search import Search
from config.deposits.persons import Finding
from config.deposits.tables.people import keeps_order
from config.deposits.tables.study_tables import Tables
from config.deposits.tables.table import RowsOf, Table
from config.deposits.texts import texts_of
from config.deposits.written_texts import written_findings
from study.jobs.files import work_folder
from study.models import Study
from study.participants.answers_table import answer_columns


@dataclass(frozen=True)
class Hindrance:
    """Why there can be no deposit yet: a sentence with the mend, and the name of the page's address where it is."""

    message: str
    page: str


def hindrances(study: Study) -> list[Hindrance]:
    """All that keeps the study from being deposited, but for findings about people; nothing is read of its answers."""
    return list(_hindrances(study))


def _hindrances(study: Study) -> Iterator[Hindrance]:
    facts = publication_facts(study)
    if study.rehearsal_of_id is not None:
        yield Hindrance(
            _("This is a rehearsal: deposit the study itself, once people have answered it."), "study_rehearse"
        )
    if not facts.creators:
        yield Hindrance(_("Name at least one creator: a deposit is cited by them."), "study_publish")
    if not study.licence:
        yield Hindrance(_("Choose under which licence the data may be used."), "study_reporting")
    tables = Tables(study, facts.left_out)
    for key in sorted(tables.left_out - {*tables.can_be_left_out()}):
        yield Hindrance(
            _("%(key)s cannot be left out: the analysis needs it, or there is no such column. Keep it.") % {"key": key},
            "study_publish",
        )
    if study.status != Study.Status.CLOSED:
        yield Hindrance(_("Close the study: only a closed one can be deposited."), "study_open")
    elif study.is_sealed:
        yield Hindrance(
            _("Wait until the grace period is over: until then the results are sealed, and nothing leaves."),
            "study_open",
        )
    elif (analysis := analyses.latest(study)) is None:
        yield Hindrance(_("Analyse the answers: a deposit holds the analysis and its report."), "study_results")
    elif not analyses.is_current(analysis):
        yield Hindrance(
            _("Analyse again: answers have changed since, or somebody has withdrawn."),
            "study_results",
        )


def found_in(study: Study) -> list[Finding]:
    """What in the study's deposit might point to a person, without what is left out or was accepted already.

    Reads every table: of a large study the work of a worker.

    Raises:
        NotAllowedNow: the study is sealed.
    """
    analyses.ensure_unsealed(study)
    facts = publication_facts(study)
    tables = Tables(study, facts.left_out)
    with work_folder() as folder:
        written, media = list(tables.write(folder)), list(copy_media(study, folder))
        return not_accepted(findings_in(tables, written, media, folder, facts), facts)


def not_accepted(found: Sequence[Finding], facts: PublicationFacts) -> list[Finding]:
    """Those that nobody has read and kept."""
    return [finding for finding in found if finding.accept_as not in facts.kept]


def findings_in(
    tables: Tables, written: Sequence[Table], media: Sequence[Medium], folder: Path, facts: PublicationFacts
) -> list[Finding]:
    """What in these tables, images and sounds below `folder`, and in the study's texts, might point to a person."""
    study = tables.study
    files: dict[str, list[Path]] = {}
    for table in written:
        files.setdefault(table.name, []).append(folder / table.path)
    found = persons.findings(
        {name: RowsOf(tuple(these)) for name, these in files.items()},
        texts_of(tables, facts),
        roles=persons.roles_of(answer_columns(study)),
        known_names=_known_names(study),
        own=_own(study, facts),
        in_order_of_arrival=keeps_order(study),
    )
    for one in media:
        found += persons.file_metadata_findings(folder / one.path, one.path)
    return found


def findings_in_texts(tables: Tables, folder: Path, facts: PublicationFacts) -> list[Finding]:
    """What of the files that are written below `folder` might point to a person and was not found before."""
    study, own = tables.study, _own(tables.study, facts)
    known = [*texts_of(tables, facts).values(), *own]
    seed = None if keeps_order(study) else study.seed
    search = Search(_known_names(study), own)
    return list(written_findings(folder, known, search, codes=tables.codes, seed=seed))


def _known_names(study: Study) -> list[str]:
    return [name for person in study.members.all() if (name := person.get_full_name())]


def _own(study: Study, facts: PublicationFacts) -> list[str]:
    """What the researchers publish of themselves."""
    said = [study.contact, study.researcher, study.institution, reporting_answers(study).get("contact", "")]
    for one in facts.creators:
        said += [one.name, one.family, one.orcid, one.affiliation]
    said += [facts.address, *(row.identifier for row in facts.related)]
    return [text for text in said if text]
