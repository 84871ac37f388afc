"""Simulated copies of a study: made, opened, answered, closed and analysed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from django.db import transaction

from analysis.models import Analysis
from analysis.study_results.analyses import build_analysis
from analysis.study_results.prepared import prepare_reports
from study.errors import NotAllowedNow
from study.models import Participant, Study
from study.setup.copying import copy_study
from study.setup.lifecycle import close_study, open_study
from study.simulation.people import simulate_participants

Notify = Callable[[str], None]
MARK = "(simulated)"


def unopened_copy(study: Study, *, mark: str = MARK, slug: str = "", **changed: Any) -> Study:
    """Create a draft that only simulated people can answer; the study stays as it is.

    The copy is marked as simulated: its title, pages, reports and exports say so. It has no limit of participants.

    Raises:
        NotAllowedNow: the study is such a copy itself.
    """
    if study.simulated:
        raise NotAllowedNow(f"“{study.title}” is a simulated copy itself; rehearse the study that it was made from.")
    return copy_study(
        study,
        title=f"{study.title[:170]} {mark}",
        owner=study.owner,
        slug=slug,
        simulated=True,
        grace_minutes=0,
        stop_at_target=False,
        **changed,
    )


@transaction.atomic
def open_simulated_copy(study: Study, *, slug: str = "") -> Study:
    """Create a copy that only simulated people can answer, and open it.

    Raises:
        PreflightFailed: the copy cannot open, for example for want of images; no copy is left.
        NotAllowedNow: the study is such a copy itself.
    """
    return open_study(unopened_copy(study, slug=slug), actor=study.owner)


def answer_and_analyse(
    copy: Study, people: int, notify: Notify, *, rng: np.random.Generator | None = None, **how: Any
) -> None:
    """Let simulated people answer an open copy until `people` have completed it, close it, and analyse it.

    A copy that was left at any point is continued. `how`: see `simulate_participants`.
    """
    if copy.status == Study.Status.OPEN:
        done = copy.participants.filter(status=Participant.Status.COMPLETED).count()
        if done < people:
            notify(f"{people - done} simulated participants answer the survey …")
            simulate_participants(copy, people - done, rng or np.random.default_rng([copy.seed % 2**32, done]), **how)
        close_study(copy, actor=copy.owner)
    if not copy.analyses.filter(state=Analysis.State.READY).exists():
        notify("Analysing their answers …")
        build_analysis(copy)
        prepare_reports(copy)
