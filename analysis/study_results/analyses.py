"""From a study to its analysis and report: asked for by the console, computed by a worker or in this process.

The row says what is left to do; whoever holds it in state "running" computes it. A row left running by a worker
that died is taken up again, three times at most.
"""

import csv
import hashlib
import io
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.models import Analysis
from analysis.study_results import early_stop
from analysis.study_results.factors import factors_of
from study.ballots import COLUMNS, ballot_rows, kinds_of
from study.cells import csv_text
from study.errors import NotAllowedNow
from study.models import Ballot, Participant, Study, Trial

STALE_AFTER = timedelta(minutes=10)
ATTEMPTS = 3


def ballots_csv(study: Study) -> bytes:
    """The study's tidy ballot table as UTF-8 CSV: what is analysed is what is exported."""
    rows = ([row[name] for name in COLUMNS] for row in ballot_rows(study))
    return csv_text([COLUMNS, *rows]).encode()


def match_control_csv(study: Study) -> bytes:
    """The match-control answers as CSV: participant, clip, own (1: an image of the clip heard), excluded."""
    ballots = (
        Ballot.objects.filter(
            trial__participant__study=study,
            trial__participant__kind__in=kinds_of(study),
            trial__kind=Trial.Kind.MATCH,
            first__isnull=False,
        )
        .exclude(trial__participant__status=Participant.Status.WITHDRAWN)
        .select_related("trial__participant", "trial__clip", "first")
        .order_by("trial__participant__kind", "trial__participant__number", "trial__number")
    )
    rows: list[tuple[Any, ...]] = [("participant", "clip", "own", "excluded")]
    for ballot in ballots:
        trial, person = ballot.trial, ballot.trial.participant
        own = int(ballot.first is not None and ballot.first.clip_id == trial.clip_id)
        rows.append((person.code, trial.clip.name, own, int(person.excluded)))
    return csv_text(rows).encode()


def match_control_of(data: bytes) -> dict[str, Any] | None:
    """The test of match control from such a table; None without answers."""
    import numpy as np

    from analysis.statistics.match_control import match_control
    from analysis.tables.result_json import plain

    rows = [row for row in csv.DictReader(io.StringIO(data.decode())) if row["excluded"] != "1"]
    found = match_control(
        np.array([row["participant"] for row in rows]),
        np.array([row["own"] == "1" for row in rows], dtype=bool),
    )
    return None if found is None else dict(plain(found))


def software_versions() -> dict[str, str]:
    """Name and version of what the numbers rest on."""
    names = ("earsight", "numpy", "scipy", "pandas", "django")
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def latest(study: Study) -> Analysis | None:
    """The newest analysis that is ready."""
    return study.analyses.filter(state=Analysis.State.READY).first()


def is_current(analysis: Analysis) -> bool:
    """Whether no answer has come or gone since."""
    return analysis.ballots_digest == hashlib.sha256(ballots_csv(analysis.study)).hexdigest()


def ensure_unsealed(study: Study) -> None:
    """Raises NotAllowedNow while results by condition are sealed."""
    if study.is_sealed:
        raise NotAllowedNow(_("The results are sealed until the study is closed and its grace period is over."))


@transaction.atomic
def request_analysis(study: Study) -> Analysis:
    """Queues an analysis of an unsealed study, or returns the one that is under way.

    Raises:
        NotAllowedNow: the study is sealed.
    """
    from analysis.tasks import run_analysis

    ensure_unsealed(study)
    under_way = study.analyses.filter(state__in=Analysis.UNFINISHED).first()
    analysis = under_way or Analysis.objects.create(study=study)
    transaction.on_commit(lambda: run_analysis.delay(analysis.pk))
    return analysis


def take(analysis_id: int) -> Analysis | None:
    """The row, now ours to compute, or None where another has it or it is finished."""
    free = Q(state=Analysis.State.WAITING) | Q(
        state=Analysis.State.RUNNING, started_at__lt=timezone.now() - STALE_AFTER
    )
    rows = Analysis.objects.filter(Q(pk=analysis_id) & free)
    row = rows.first()
    if row is None:
        return None
    if row.attempts >= ATTEMPTS:
        rows.update(
            state=Analysis.State.FAILED,
            finished_at=timezone.now(),
            error=_("The analysis ended its worker %(n)d times. Look at the worker's log.") % {"n": row.attempts},
        )
        return None
    if not rows.update(state=Analysis.State.RUNNING, started_at=timezone.now(), attempts=row.attempts + 1):
        return None
    row.refresh_from_db()
    return row


def compute(analysis: Analysis) -> Analysis:
    """Analyses the study's ballots as they are now and stores the result."""
    # Imported here: SciPy and Arrow are for workers and commands, the web process does without.
    from analysis.statistics.errors import StatisticsError
    from analysis.tables.ballot_table import TableError

    study = analysis.study
    data = ballots_csv(study)
    analysis.ballots_digest = hashlib.sha256(data).hexdigest()
    analysis.plan_digest = study.plan_digest
    analysis.plan = plan_of(study)
    analysis.versions = software_versions()
    try:
        analysis.result = analyse_csv(data, f"{study.slug}.csv", analysis.plan)
        if control := match_control_of(match_control_csv(study)):
            analysis.result["match_control"] = control
        analysis.state, analysis.error = Analysis.State.READY, ""
    except (StatisticsError, TableError) as error:
        analysis.state, analysis.error = Analysis.State.FAILED, str(error)
    analysis.finished_at = timezone.now()
    analysis.save()
    return analysis


def plan_of(study: Study) -> dict[str, Any]:
    """What the statistics need of the study's plan, as plain JSON: kept with the result, exported with it."""
    conditions = list(study.conditions.order_by("number"))
    return {
        "conditions": [condition.key for condition in conditions],
        "weights": list(study.weights),
        "alpha": float(study.alpha),
        "factors": factors_of(conditions),
        "seed": study.seed % 2**32,
        "sequential": early_stop.is_planned(study),
        "clips_per_participant": study.trials_per_participant,
    }


def analyse_csv(data: bytes, name: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The public analysis JSON of a ballot table under a plan as `plan_of` gives it.

    Raises:
        TableError: the table cannot be read.
        StatisticsError: it holds nothing to analyse.
    """
    from analysis.statistics.analysis import AnalysisPlan, analyse, to_json
    from analysis.tables.ballot_table import read_ballots

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        table = read_ballots(path, tuple(plan["conditions"]))
    factors = plan["factors"] and {key: tuple(keys) for key, keys in plan["factors"].items()}
    chosen = AnalysisPlan(
        weights=tuple(plan["weights"]),
        factors=factors,
        alpha=plan["alpha"],
        seed=plan["seed"],
        sequential=plan.get("sequential", False),
        clips_per_participant=plan.get("clips_per_participant"),
    )
    result = analyse(table.ballots, chosen, n_excluded=table.n_excluded, with_excluded=table.all_ballots)
    return to_json(result)


def build_analysis(study: Study) -> Analysis:
    """Analyses an unsealed study in this process."""
    ensure_unsealed(study)
    analysis = Analysis.objects.create(study=study)
    taken = take(analysis.pk)
    assert taken is not None, "a row just made is free"
    return compute(taken)


def unfinished() -> list[int]:
    """Rows that a worker should look at when it starts."""
    return list(Analysis.objects.filter(state__in=Analysis.UNFINISHED).values_list("pk", flat=True))
