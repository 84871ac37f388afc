"""The early stop: whether the plan allows it (fixed before opening), and whether its rule has been reached.

While the study is sealed, "stop" or "go on" is all that may be shown. Participants enter the e-process in the order
in which they started. A participant who has not finished holds back all later ones until a day after their last
visit; then their answers count, and a clip without an answer counts as no difference.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.statistics.sequential import decide, ready_prefix
from analysis.study_results.factors import factors_of, has_preset
from study.ballots.table import counted_people
from study.errors import NotAllowedNow
from study.instruments.of_study import instrument_of
from study.models import Ballot, Participant, Study, Trial
from study.models.log import record
from study.models.participants import LEFT_OUT
from study.participants.exclusion_rules import refresh_unfinished

GONE_AFTER = timedelta(days=1)


def is_possible(study: Study) -> bool:
    """Whether the study compares redefined with original tags by a first and a second choice.

    It is the only question that the rule can answer, and these are the answers that it counts.
    """
    instrument = instrument_of(study)
    choose = instrument.choose
    counts = choose is not None and choose.ranks <= 2 and instrument.primary_key == choose.key
    return counts and has_preset(list(study.conditions.order_by("number")))


def is_planned(study: Study) -> bool:
    """Whether the plan lets the study stop early."""
    return bool((study.plan.get("analysis") or {}).get("sequential"))


@transaction.atomic
def plan_early_stop(study: Study, planned: bool, *, actor: Any = None) -> None:
    """Write into the plan whether the study may stop early.

    Raises:
        NotAllowedNow: the plan is fixed, or the study does not compare redefined with original tags.
    """
    row = Study.objects.select_for_update().get(pk=study.pk)
    if not row.settings_can_change:
        raise NotAllowedNow(_("The plan has been fixed since the study opened."))
    if planned and not is_possible(row):
        raise NotAllowedNow(_("Only a study of redefined against original tags can stop early by this rule."))
    row.plan = row.plan | {"analysis": (row.plan.get("analysis") or {}) | {"sequential": planned}}
    row.save(update_fields=["plan"])
    record(row, "early stop planned" if planned else "early stop unplanned", actor=actor)
    study.plan = row.plan


def decision(study: Study, *, now: datetime | None = None) -> str:
    """Return "stop" or "go on": a number could reveal which condition leads.

    Raises:
        NotAllowedNow: the plan does not let the study stop early.
    """
    if not is_planned(study):
        raise NotAllowedNow(_("The plan does not let this study stop early."))
    return decide(_differences(study, now or timezone.now()), float(study.alpha))


def _differences(study: Study, now: datetime) -> np.ndarray:
    """D of each participant who enters, in order of start (see `participant_differences`)."""
    refresh_unfinished(study)
    conditions = list(study.conditions.order_by("number"))
    factors = factors_of(conditions)
    high = set((factors or {})["redefined"])
    sign = {row.pk: 1.0 if row.key in high else -1.0 for row in conditions}
    people = list(
        counted_people(study)
        .exclude(LEFT_OUT)
        .exclude(status__in=(Participant.Status.WITHDRAWN, Participant.Status.SCREENED_OUT))
        .order_by("number")
    )
    ready = ready_prefix(
        [person.status == Participant.Status.COMPLETED for person in people],
        [now - person.last_seen_at > GONE_AFTER for person in people],
    )
    sums = {person.pk: 0.0 for person in people[:ready]}
    ballots = Ballot.objects.filter(trial__participant__in=list(sums), trial__kind=Trial.Kind.MAIN, trial__repeat=0)
    w1, w2 = _weights(study)
    for person, first, second in ballots.values_list("trial__participant", "first__condition", "second__condition"):
        sums[person] += w1 * sign.get(first, 0.0) + w2 * sign.get(second, 0.0)
    clips = study.trials_per_participant or study.clips.filter(included=True, is_practice=False).count()
    return np.clip(np.array(list(sums.values())) / ((w1 + w2) * max(clips, 1)), -1.0, 1.0)


def _weights(study: Study) -> tuple[float, float]:
    """Points of a first and a second choice; of a second one that is not asked none."""
    choose = instrument_of(study).choose
    first, second = study.weights
    return first, second if choose is None or choose.ranks > 1 else 0.0
