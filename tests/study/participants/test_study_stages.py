"""Stages: who belongs to which, what each counts and draws for itself, and that the results are of the main one."""

import threading
from collections import Counter

import pytest
from django.db import connections
from django.utils import timezone

from study.ballots.table import ballot_rows
from study.digests import canonical_digest
from study.errors import NotAllowedNow, StudyError
from study.models import InviteLink, Participant, Study
from study.participants import enrolment
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links
from study.participants.monitoring import monitor
from study.participants.study_stages import BEGUN, begin_stage, next_stage
from study.setup.copying import copy_study
from study.setup.lifecycle import current_plan
from study.verification import verify_study
from tests.analysis.answered_studies import answer_and_finish, record_opening
from tests.factories import make_open_study, make_study

PILOT, MAIN, FOLLOW_UP = Study.Stage.PILOT, Study.Stage.MAIN, Study.Stage.FOLLOW_UP


def piloted(**fields: object) -> Study:
    """An open study in its pilot stage, which asks for three people."""
    study = make_study(clips=4, **fields)
    begin_stage(study, PILOT, target=3)
    plan = current_plan(study)
    Study.objects.filter(pk=study.pk).update(
        status=Study.Status.OPEN, opened_at=timezone.now(), plan={"fixed": plan}, plan_digest=canonical_digest(plan)
    )
    study.refresh_from_db()
    record_opening(study)
    return study


@pytest.mark.django_db
def test_each_stage_has_slots_orders_numbers_and_a_target_of_its_own():
    study = piloted(target_participants=40)
    assert study.stage_target == 3
    pilots = [enrol(study)[0] for _ in range(4)]
    begin_stage(study, MAIN, reason="the texts are clear")
    assert study.stage_target == 40
    main = [enrol(study)[0] for _ in range(4)]
    assert [person.slot for person in pilots] == [person.slot for person in main] == [0, 1, 2, 3]
    assert [person.code for person in (*pilots, *main)] == [f"r{number:04d}" for number in range(1, 9)]
    assert {person.stage for person in pilots} == {PILOT}
    assert {person.stage for person in main} == {MAIN}
    for people in (pilots, main):  # four people put each of four conditions at each place of each clip once
        seen = Counter(
            (trial.clip_id, place, stimulus)
            for person in people
            for trial in person.trials.all()
            for place, stimulus in enumerate(trial.position_order)
        )
        assert set(seen.values()) == {1}
    orders = [
        [list(person.trials.values_list("position_order", flat=True)) for person in people] for people in (pilots, main)
    ]
    assert orders[0] != orders[1], "drawn from a stream of its own"
    assert (monitor(study, stage=PILOT).started, monitor(study).started) == (4, 4)


@pytest.mark.django_db
def test_a_study_without_stages_draws_the_orders_that_it_always_drew():
    study = make_open_study(clips=4)
    assert enrolment.design_of(study, "real") == enrolment.design_of(study, "real", stage=MAIN)
    assert enrolment.design_of(study, "real").kind == "real"


@pytest.mark.django_db
def test_people_of_the_pilot_stage_are_never_in_the_results():
    study = piloted()
    answer_and_finish(enrol(study)[0])
    begin_stage(study, MAIN, reason="ready")
    answer_and_finish(enrol(study)[0])
    begin_stage(study, FOLLOW_UP, reason="a month later")
    answer_and_finish(enrol(study)[0])
    assert {row["participant"] for row in ballot_rows(study, sealed=False)} == {"r0002"}


@pytest.mark.django_db
def test_stages_follow_each_other_with_a_reason_and_none_comes_back():
    study = piloted()
    with pytest.raises(NotAllowedNow, match="cannot begin now"):
        begin_stage(study, FOLLOW_UP, reason="early")
    with pytest.raises(StudyError, match="reason"):
        begin_stage(study, MAIN)
    begin_stage(study, MAIN, reason="ready")
    with pytest.raises(NotAllowedNow):
        begin_stage(study, PILOT, reason="again")
    begin_stage(study, FOLLOW_UP, target=9, reason="a month later")
    assert study.stages == {
        "pilot": {"after": 0, "target": 3},
        "main": {"after": 0},
        "follow_up": {"after": 0, "target": 9},
    }
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED)
    study.refresh_from_db()
    assert next_stage(study) is None
    assert study.log.filter(action=BEGUN).count() == 3


@pytest.mark.django_db
def test_a_draft_chooses_whether_it_opens_with_a_pilot_stage():
    study = make_study(clips=2)
    begin_stage(study, PILOT)
    begin_stage(study, MAIN)
    assert (study.stage, study.stages) == (MAIN, {})
    with pytest.raises(StudyError, match="1 to 100,000"):
        begin_stage(study, PILOT, target=0)
    begin_stage(study, PILOT)
    copy = copy_study(study, title="Again", owner=study.owner)
    assert (copy.stage, copy.stages) == (MAIN, {})


@pytest.mark.django_db
def test_a_link_of_a_stage_lets_people_in_while_that_stage_is_current():
    study = piloted()
    create_personal_links(study, 1, stage=PILOT)
    create_personal_links(study, 1)
    of_pilot, of_any = InviteLink.objects.order_by("pk")
    begin_stage(study, MAIN, reason="ready")
    with pytest.raises(NotAllowedNow, match="not open now"):
        enrol(study, link=of_pilot)
    assert enrol(study, link=of_any)[0].stage == MAIN


@pytest.mark.django_db
def test_a_test_walk_is_of_no_stage():
    study = piloted()
    create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    walk, _token = enrol(study, link=InviteLink.objects.get())
    assert walk.stage == MAIN
    assert not monitor(study).started


@pytest.mark.django_db
def test_a_full_pilot_stage_takes_nobody_more_and_the_next_stage_does():
    study = piloted(stop_at_target=True, target_participants=40)
    for _ in range(3):
        enrol(study)
    with pytest.raises(NotAllowedNow, match="all the participants it needs"):
        enrol(study)
    begin_stage(study, MAIN, reason="ready")
    assert enrol(study)[0].stage == MAIN


@pytest.mark.django_db
def test_verify_names_a_person_who_was_moved_and_a_stage_that_was_changed():
    study = piloted()
    answer_and_finish(enrol(study)[0])
    begin_stage(study, MAIN, reason="ready")
    answer_and_finish(enrol(study)[0])
    assert verify_study(study)[0].faults == []
    Participant.objects.filter(number=1).update(stage=MAIN)
    Study.objects.filter(pk=study.pk).update(stages={"main": {"after": 0}})
    faults = verify_study(study)[0].faults
    assert "r0001 is in the stage main; by the log they began in pilot." in faults
    assert "The stage pilot has begun by the log, and the study has none." in faults


@pytest.mark.django_db(transaction=True)
def test_somebody_who_enrols_while_the_stage_changes_is_of_one_stage_and_drawn_for_it(monkeypatch):
    """The material is read before the lock: a stage that began in between is seen, and the trials drawn again."""
    study = piloted()
    read = enrolment.load_trial_material

    def read_then_switch(*args: object) -> object:
        material = read(*args)
        if Study.objects.get(pk=study.pk).stage == PILOT:

            def switch() -> None:
                begin_stage(Study.objects.get(pk=study.pk), MAIN, reason="ready")
                connections.close_all()

            thread = threading.Thread(target=switch)
            thread.start()
            thread.join()
        return material

    monkeypatch.setattr(enrolment, "load_trial_material", read_then_switch)
    person, _token = enrol(study)
    monkeypatch.undo()
    assert person.stage == MAIN
    other = make_open_study(clips=4, seed=study.seed)
    expected = enrolment.draw_plan(enrolment.design_of(other, "real"), 0)
    material = enrolment.load_trial_material(Study.objects.get(pk=study.pk), "real")
    assert [trial.clip_id for trial in person.trials.order_by("number")] == [
        material.clips[plan.clip].pk for plan in expected
    ]
    assert verify_study(study)[0].faults == []
