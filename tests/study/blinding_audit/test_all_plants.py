"""Every plant alone, and two hundred audits of a study without leaks. Too long for every day: `make audit-plants`."""

import os
from dataclasses import replace

import numpy as np
import pytest

from study.blinding_audit.audit import audit_study, trials_per_pilot, visit
from study.blinding_audit.guessing import guess
from study.models import BlindingAudit
from tests.factories import add_clip, make_open_study
from tests.study.blinding_audit.leaking import planted
from tests.study.blinding_audit.plants import PLANTS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(0),
    pytest.mark.skipif(os.environ.get("EARSIGHT_AUDIT_TEST") != "full", reason="run by make audit-plants"),
]
PEOPLE, CRAWLS, DRAWS = 24, 4, 50


def study_with_every_state(clips):
    study = make_open_study(clips=clips, practice_trial=True, attention_trials=1)
    add_clip(study, 99, is_practice=True)
    return study


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.kind}: {plant.name}")
def test_each_plant_is_found_alone(plant):
    study = study_with_every_state(clips=3)
    with planted(plant):
        report = audit_study(study, people=PEOPLE)
    assert any(all(part in name for part in plant.named) for name in report.findings)


@pytest.mark.parametrize("crawl", range(CRAWLS))
def test_clean_audits_give_no_false_alarm(crawl):
    """Each visit is guessed with the orders that were shown and with others.

    Without a leak, what was observed does not depend on the orders, so that with orders drawn anew within each trial
    the same observations are those of another audit. Only the lengths of files depend on them, which are not judged.
    """
    study = study_with_every_state(clips=2)
    audit = BlindingAudit.objects.create(study=study, people=PEOPLE)
    seen = visit(audit, trials_per_pilot(study, PEOPLE), "", lambda done: None)
    rng = np.random.default_rng(crawl)
    shown, alarms = list(seen.trials), []
    for draw in range(DRAWS):
        if draw:
            seen.trials[:] = [replace(trial, conditions=tuple(rng.permutation(trial.conditions))) for trial in shown]
        alarms += [leak.name for leak in guess(seen, study.conditions.count()).leaks]
        print(f"{draw + 1} of {DRAWS} clean audits, {len(alarms)} false alarms", flush=True)
    assert alarms == []
