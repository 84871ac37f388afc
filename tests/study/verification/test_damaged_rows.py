"""Rows that no version of the software writes, as somebody with the database can: `verify` names them and goes on."""

import pytest

from study.ballots.commitments import ENDED, FINISHED, bind_unfinished
from study.models import Ballot, LogEntry, Stimulus
from study.participants.server_record import server_rows
from study.setup.lifecycle import close_study
from tests.factories import make_study, open_with_images
from tests.study.verification.test_forgeries import faults, make_answered, rechain

pytestmark = pytest.mark.django_db


def point_to_another_study(study):
    other = open_with_images(make_study(clips=1))
    study.participants.get(number=2).trials.filter(number=1).update(clip=other.clips.get())


def choose_an_image_of_another_study(study):
    other = open_with_images(make_study(clips=1))
    chosen = Stimulus.objects.filter(clip__study=other).first()
    Ballot.objects.filter(trial__participant__number=2, trial__number=1).update(first=chosen)


def spoil_order(study):
    study.participants.get(number=2).trials.filter(number=1).update(position_order=7)


def spoil_what_the_order_holds(study):
    study.participants.get(number=2).trials.filter(number=1).update(position_order=[["A"], None])


def spoil_rules_in_the_log(study):
    entry = study.log.get(action=FINISHED, data__participant="r0002")
    LogEntry.objects.filter(pk=entry.pk).update(data=entry.data | {"rules": 5})


def spoil_rules_of_a_person(study):
    study.participants.filter(number=2).update(rule_exclusions=["too_fast"])


def commit_nobody(study):
    entry = study.log.get(action=FINISHED, data__participant="r0002")
    LogEntry.objects.filter(pk=entry.pk).update(data=entry.data | {"participant": "r2½"})
    rechain(study)


def spoil_commitments_of_who_stopped(study):
    close_study(study)
    bind_unfinished(study)
    study.log.filter(action=ENDED).update(data={"commitments": 5})


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (point_to_another_study, "Ballot r0002, trial 1: it does not agree with its digest"),
        (choose_an_image_of_another_study, "Ballot r0002, trial 1: it does not agree with its digest"),
        (spoil_order, "Ballot r0002, trial 1: it does not agree with its digest"),
        (spoil_what_the_order_holds, "Ballot r0002, trial 1: it does not agree with its digest"),
        (spoil_rules_in_the_log, "r0002: the rules that leave them out are not those"),
        (spoil_rules_of_a_person, "r0002: the rules that leave them out are not those"),
        (commit_nobody, "The log has a commitment of 'r2½', who is nobody of this study"),
        (spoil_commitments_of_who_stopped, "(answers ended) was changed after it was written"),
    ],
)
def test_each_is_named(spoil, named):
    study = make_answered()
    assert faults(study) == ""
    spoil(study)
    study.refresh_from_db()
    assert named in faults(study)


def test_a_trial_with_another_studys_clip_stops_no_table_of_the_export():
    study = make_answered()
    point_to_another_study(study)
    rows = server_rows(study, ("real",))
    assert {row["trial"]: bool(row["clip"]) for row in rows if row["participant"] == "r0002"} == {1: False, 2: True}


def test_a_receipt_that_the_log_gives_to_nobody_is_no_proof():
    study = make_answered()
    commit_nobody(study)
    receipt = study.participants.get(number=2).receipt
    assert f"Receipt {receipt}: the log says that 'r2½' got it, who is nobody of this study" in faults(study, receipt)
