"""What stands in the way of a deposit: what the study lacks, and what in it might point to a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from analysis.study_results import analyses
from analysis.study_results.reporting_answers import FIELDS, reporting_answers
from config.bundles.write import deviations_in_english
from config.deposits import paths, persons
from config.deposits.facts import PublicationFacts, publication_facts
from config.deposits.people import keeps_order
from config.deposits.persons import Finding
from config.deposits.table import RowsOf, Table
from config.deposits.tables import Tables
from study.ballots.table import kinds_of
from study.jobs.files import work_folder
from study.models import Study

ORDER = "participants.csv:participant"  # the key of the order in which people came


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
        return not_accepted(findings_in(tables, list(tables.write(folder)), folder), facts)


def not_accepted(found: Sequence[Finding], facts: PublicationFacts) -> list[Finding]:
    """Those that nobody has read and kept."""
    return [finding for finding in found if finding.accept_as not in facts.kept]


def findings_in(tables: Tables, written: Sequence[Table], folder: Path) -> list[Finding]:
    """What in these tables below `folder`, and in the study's texts, might point to a person."""
    rows = {paths.name_of(table.path): RowsOf(folder / table.path) for table in written}
    found = persons.findings(rows, texts_of(tables.study))
    if keeps_order(tables.study):
        found.append(
            Finding(
                where=_("participants.csv: column participant"),
                what=_(
                    "The plan lets the study stop early, so its analysis needs the order in which people came, and "
                    "their codes tell it. Who has a recruiting platform's list could find people by it: keep it only "
                    "if nobody outside has such a list."
                ),
                rows=len(tables.codes),
                example="",
                blocks=True,
                accept_as=ORDER,
            )
        )
    return found


def texts_of(study: Study) -> dict[str, str]:
    """The texts of the study that stand in its deposit, by where they are from."""
    found = {"study: title": study.title, "study: description": study.description}
    for name in ("question", "consent_text", "instructions"):
        found |= {f"study: {name} ({code})": text for code, text in getattr(study, name).items()}
    found |= {f"study: condition {row.key}": row.label for row in study.conditions.all()}
    said = reporting_answers(study)
    found |= {f"reporting: {key}": said[key] for key, _label, _help in FIELDS if key in said and key != "contact"}
    people = study.participants.filter(kind__in=kinds_of(study), excluded=True)
    reasons = (
        people.exclude(exclusion_reason="").order_by("exclusion_reason").values_list("exclusion_reason", flat=True)
    )
    found |= {f"reason of exclusion {n}": text for n, text in enumerate(reasons.distinct(), start=1)}
    found |= {f"deviation {n}": text for n, text in enumerate(deviations_in_english(study, None), start=1)}
    for part in ("questions_before", "questions_after"):
        found[f"study: {part}"] = getattr(study, part)
    for clip in study.clips.filter(included=True).prefetch_related("stimuli__condition"):
        for stimulus in clip.stimuli.all():
            found |= {
                f"provenance of {clip.name}, {stimulus.condition.key}: {key}": text
                for key, text in stimulus.provenance.items()
                if isinstance(text, str) and key != "prompt"
            }
    own = [text for name in ("contact", "researcher", "institution") if (text := getattr(study, name))]
    return {where: _without(text, own) for where, text in found.items() if text}


def _without(text: str, own: Sequence[str]) -> str:
    """The text without how the researchers are reached, which participants have read too."""
    for words in own:
        text = text.replace(words, "")
    return text
