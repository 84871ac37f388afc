"""A study's analyses: requested in the console, computed by a worker or in this process.

Each analysis is a row of `Analysis`; the process that set a row to "running" computes it. If its worker died, another
worker takes the row over, three times at most.
"""

import hashlib
import logging
import tempfile
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.models import Analysis
from analysis.statistics.errors import StatisticsError
from analysis.study_results import early_stop
from analysis.study_results.factors import factors_of
from analysis.study_results.participant_flow import participant_flow
from analysis.study_results.smallest_difference import planned_smallest
from analysis.study_results.software import software_versions
from analysis.tables.clips_left_out import clips_left_out_csv, count_clips_left_out
from analysis.tables.errors import TableError
from analysis.tables.paintings import count_paintings, paintings_csv
from analysis.tables.study_tables import BALLOTS, ballots_csv_parts, match_control_csv, name_of_stage, settle_people
from study.background_work import messages, rows, schema
from study.ballots.table import counted_people, in_batches
from study.ballots.table_state import table_state
from study.errors import NotAllowedNow
from study.instruments.of_study import instrument_of, is_classic, points_of
from study.models import Study, StudyStage
from study.participants.asked_of_design import asked_of_design
from study.participants.moderators import planned_moderators

logger = logging.getLogger(__name__)

# What `compute` stores.
_COMPUTED = (
    *("state", "error", "finished_at", "erasures", "table_state", "plan_digest", "plan", "versions"),
    *("ballots_digest", "flow", "result"),
)


def newest(study: Study, *states: str) -> Analysis | None:
    """The analysis that was asked for last, of those in these states; by its number, as clocks may be set back."""
    found = study.analyses.filter(state__in=states) if states else study.analyses.all()
    return found.order_by("-pk").first()


def latest(study: Study) -> Analysis | None:
    """The newest analysis that is ready."""
    return newest(study, Analysis.State.READY)


def latest_unsealed(study: Study) -> Analysis | None:
    """The newest analysis that is ready; None while the study is sealed."""
    return None if study.is_sealed else latest(study)


def is_current(analysis: Analysis) -> bool:
    """Whether the study's ballots are still those that were analysed, and nobody has withdrawn since.

    Reads no ballots, but for an analysis of an earlier version.
    """
    if holds_erased(analysis):
        return False
    if not analysis.table_state:
        with tempfile.TemporaryDirectory(prefix="earsight-analysis-") as folder:
            return is_of_table(analysis, _write_tables(analysis.study, Path(folder)))
    settle_people(analysis.study)
    return analysis.table_state == table_state(analysis.study)


def is_of_table(analysis: Analysis, digest: str) -> bool:
    """Whether the analysis is of the ballots with this digest (`digest_of_tables`), and of nobody who has withdrawn."""
    return not holds_erased(analysis) and analysis.ballots_digest == digest


def digest_of_tables(study: Study, folder: Path) -> str:
    """The SHA-256 (hex) of what is analysed: `BALLOTS` in the folder, and after it the table of the follow-up stage."""
    found = hashlib.sha256()
    for name in analysed_tables(study).values():
        with (folder / name).open("rb") as file:
            while piece := file.read(2**20):
                found.update(piece)
    return found.hexdigest()


def analysed_tables(study: Study) -> dict[str, str]:
    """The names of the ballot tables that an analysis reads, by stage. A pilot stage is never analysed."""
    follow_up = StudyStage.FOLLOW_UP
    others = {str(follow_up): name_of_stage(BALLOTS, follow_up)} if follow_up in study.stages else {}
    return {str(StudyStage.MAIN): BALLOTS} | others


def _write_tables(study: Study, folder: Path) -> str:
    """Write the ballot tables that are analysed, and return their digest."""
    for stage, name in analysed_tables(study).items():
        with (folder / name).open("wb") as file:
            file.writelines(ballots_csv_parts(study, stage))
    return digest_of_tables(study, folder)


def holds_erased(analysis: Analysis) -> bool:
    """Whether somebody whose answers may be in the result has withdrawn: it is to be used no more, nor its files."""
    return analysis.erasures != analysis.study.erasures


def ensure_unsealed(study: Study) -> None:
    """Raise NotAllowedNow while results by condition are sealed."""
    if study.is_sealed:
        raise NotAllowedNow(_("The results are sealed until the study is closed and its grace period is over."))


def ensure_results(study: Study) -> Analysis:
    """Return the newest analysis of the study.

    Raises:
        NotAllowedNow: the study is sealed, was not analysed, or somebody has withdrawn since.
    """
    ensure_unsealed(study)
    analysis = latest(study)
    if analysis is None:
        raise NotAllowedNow(_("There are no results yet: analyse the answers first."))
    if holds_erased(analysis):
        raise NotAllowedNow(_("Somebody has withdrawn since the analysis: analyse again, then download."))
    return analysis


@transaction.atomic
def request_analysis(study: Study) -> Analysis:
    """Queue an analysis of an unsealed study, or return the unfinished one.

    Raises:
        NotAllowedNow: the study is sealed.
    """
    ensure_unsealed(study)
    analysis = newest(study, *Analysis.UNFINISHED) or Analysis.objects.create(study=study)
    transaction.on_commit(lambda: queue_analysis(analysis.pk))
    return analysis


def queue_analysis(analysis_id: int) -> None:
    """Send the analysis's message to a worker."""
    if messages.send("analysis.run", (analysis_id,)):
        Analysis.objects.filter(pk=analysis_id).update(sent_at=timezone.now())


def find_lost_analyses(starting: bool) -> int:
    """Send again the messages of analyses that no process computes; return how many they are.

    Args:
        starting: a worker has just started; messages that a killed predecessor had fetched are lost.
    """
    ids = rows.lost(Analysis.objects.all(), starting)
    for analysis_id in ids:
        queue_analysis(analysis_id)
    return len(ids)


def claim(analysis_id: int) -> Analysis | None:
    """Set the row to "running" for this process; None if it is finished or another process computes it."""
    return rows.claim(Analysis.objects.filter(pk=analysis_id))


def compute(analysis: Analysis) -> Analysis:
    """Analyse the study's ballots as they are now and store the result or the error, with a heartbeat meanwhile.

    If another process has taken the row over meanwhile, nothing is stored.

    Returns:
        The analysis as it is stored then.
    """
    try:
        with rows.kept_alive(analysis):
            _compute(analysis)
        analysis.state, analysis.error = Analysis.State.READY, ""
    except (StatisticsError, TableError) as error:
        analysis.state, analysis.error = Analysis.State.FAILED, str(error)
    except OperationalError:  # the database is away: the row stays as it is, and the look-out finds it
        raise
    except Exception as error:
        if schema.is_cause_of(error):  # a worker of the other version does it
            raise
        logger.exception("The analysis of %s failed.", analysis.study.slug)
        analysis.state, analysis.error = Analysis.State.FAILED, rows.unexpected(error)
    analysis.finished_at = timezone.now()
    if not rows.still_ours(analysis).update(**{name: getattr(analysis, name) for name in _COMPUTED}):
        logger.warning("Another worker has taken over the analysis of %s.", analysis.study.slug)
        analysis.refresh_from_db()
    return analysis


def _compute(analysis: Analysis) -> None:
    # Imported here: it loads SciPy and Arrow, which the web process does not need.
    from analysis.study_results.csv_analysis import analyse_tables

    study = analysis.study
    study.refresh_from_db(fields=["erasures"])
    analysis.erasures = study.erasures  # before the ballots are read: a withdrawal meanwhile makes the result stale
    settle_people(study)
    analysis.table_state = table_state(study)  # before the ballots are read too
    analysis.plan_digest = study.plan_digest
    analysis.plan = plan_of(study)
    analysis.versions = software_versions()
    with tempfile.TemporaryDirectory(prefix="earsight-analysis-") as folder:
        analysis.ballots_digest = _write_tables(study, Path(folder))
        analysis.flow = participant_flow(study)
        tables = {stage: Path(folder) / name for stage, name in analysed_tables(study).items()}
        analysis.result = analyse_tables(
            tables[StudyStage.MAIN],
            analysis.plan,
            version_of=_versions_of_people(study) if study.version > 1 else {},
            follow_up=tables.get(StudyStage.FOLLOW_UP),
            control=match_control_csv(study),
        )
    analysis.result["paintings"] = count_paintings(paintings_csv(study), analysis.plan["conditions"])
    analysis.result["clips_left_out"] = count_clips_left_out(clips_left_out_csv(study))


def _versions_of_people(study: Study) -> dict[str, int]:
    people = counted_people(study).only("study", "kind", "number", "study_version")
    return {person.code: person.study_version for batch in in_batches(people) for person in batch}


def plan_of(study: Study) -> dict[str, Any]:
    """The part of the study's plan that the statistics need, as JSON: stored with the result and exported."""
    conditions = list(study.conditions.order_by("number"))
    plan = {
        "conditions": [condition.key for condition in conditions],
        "weights": list(study.weights),
        "alpha": float(study.alpha),
        "factors": factors_of(conditions),
        "seed": study.seed % 2**32,
        "sequential": early_stop.is_planned(study),
        "clips_per_participant": study.trials_per_participant
        or study.clips.filter(included=True, is_practice=False).count(),
        "second_choice": "required" if study.second_choice_required else "optional",
        "smallest": planned_smallest(study),
        "moderators": planned_moderators(study),
    }
    return plan if is_classic(study) else plan | _plan_of_instrument(study)


def _plan_of_instrument(study: Study) -> dict[str, Any]:
    """What the statistics need of the questions of the trials."""
    instrument, asked = instrument_of(study), asked_of_design(study, study.conditions.count())
    points = () if instrument.choose is None else points_of(study, instrument.choose)
    optional = instrument.choose is not None and instrument.choose.ranks > 1 and not study.second_choice_required
    found: dict[str, Any] = {
        "instrument": study.instrument,
        "points": list(points),
        "trials_per_clip": asked.trials_per_clip,
        "second_choice": "optional" if optional else "required",
    }
    return found | ({"weights": [points[0], 0.0]} if len(points) == 1 else {})


def build_analysis(study: Study) -> Analysis:
    """Analyse an unsealed study in this process.

    Raises:
        NotAllowedNow: the study is sealed.
    """
    ensure_unsealed(study)
    analysis = Analysis.objects.create(study=study)
    claimed = claim(analysis.pk)
    assert claimed is not None, "a new row can be claimed"
    return compute(claimed)
