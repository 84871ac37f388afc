"""Versions: what can change while a study runs, what the log keeps of it, and under which version somebody began."""

from typing import Any

import pytest
from django.utils.translation import override

from analysis.study_results.deviations import deviations
from config.rehearsals.copies import unopened_copy
from study import texts
from study.digests import canonical_digest
from study.errors import NotAllowedNow, StudyError
from study.models import Participant, Study
from study.participants.enrolment import enrol
from study.participants.study_stages import begin_stage
from study.participants.study_versions import MADE, change_study, count_by_version, version_entries
from study.setup.copying import copy_study
from study.setup.drafting import save_plan
from study.setup.lifecycle import current_plan, open_study
from study.setup.rehearsals import refuse_unless_rehearsable
from study.verification import verify_study
from tests.analysis.answered_studies import answer_and_finish
from tests.study.participants.test_study_stages import MAIN, piloted
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def running(**fields: Any) -> Study:
    """An open study, whose consent text was fixed at its opening."""
    study = piloted(**fields)
    begin_stage(study, MAIN, reason="no pilot")
    study.plan |= {"consent": texts.consent_texts(study)}
    study.save(update_fields=["plan"])
    return study


def change(study: Study, reason: str = "a typing error", **changes: Any) -> int:
    """Make a version with these changes; `question="…"` is the English question."""
    contact, target = changes.pop("contact", study.contact), changes.pop("target", study.target_participants)
    written = {name: {"en": text} for name, text in changes.items()}
    return change_study(study, written=written, contact=contact, target=target, reason=reason, actor=study.owner)


def test_a_change_makes_a_version_with_its_difference_and_the_people_under_it():
    study = running(target_participants=30)
    first = enrol(study)[0]
    assert change(study, question="Which image suits this music best?", target=40) == 2
    second = enrol(study)[0]
    assert (first.study_version, second.study_version) == (1, 2)
    assert count_by_version(study) == {1: 1, 2: 1}
    [entry] = version_entries(study)
    assert (entry.reason, entry.data["after"], entry.data["unfinished"]) == ("a typing error", 1, 1)
    assert entry.data["differences"] == [
        {"field": "target_participants", "old": 30, "new": 40},
        {
            "field": "question",
            "language": "en",
            "old": "Which image fits this music best?",
            "new": "Which image suits this music best?",
        },
    ]
    with override("ko"):
        assert texts.question(study) == texts.question(Study()), "the other language stays"
    assert verify_study(study)[0].faults == []


def test_what_the_plan_fixes_stays_and_nothing_is_saved_without_a_reason_or_a_change():
    study = running()
    before = current_plan(study)
    for refused, why in (
        ({"question": "Other?", "reason": " "}, "reason"),
        ({}, "Nothing was changed"),
        ({"contact": ""}, "contact address"),
    ):
        with pytest.raises(StudyError, match=why):
            change(study, **refused)
    assert change(study, question="Other?") == 2
    assert current_plan(study) == before
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED)
    with pytest.raises(NotAllowedNow):
        change(study, question="Another?")
    assert (copy_study(study, title="Again", owner=study.owner).version, study.version) == (1, 2)


def test_a_copy_begins_with_the_texts_of_the_last_version_and_nothing_of_stages():
    study = running(target_participants=30)
    change(study, question="Other?", target=40)
    begin_stage(study, Study.Stage.FOLLOW_UP, reason="a month later")
    assert canonical_digest(study.plan["fixed"]) == study.plan_digest, "the plan that was fixed stays"
    assert any("Version 2" in text and "Question" in text for text in deviations(study))
    copy = copy_study(study, title="Again", owner=study.owner)
    assert (copy.version, copy.stage, copy.stages, version_entries(copy)) == (1, MAIN, {}, [])
    assert (texts.question(copy), copy.target_participants, "fixed" in copy.plan) == ("Other?", 40, False)
    rehearsal = unopened_copy(copy, rehearsal_of_id=copy.pk)
    plans = [current_plan(row) for row in (copy, rehearsal)]
    for plan in plans:
        del plan["design"]["seed"], plan["design"]["grace_minutes"]  # orders of its own, and nobody is waited for
    assert plans[0] == plans[1]
    with pytest.raises(NotAllowedNow, match="Only a draft can be rehearsed"):
        refuse_unless_rehearsable(study)
    opened = open_study(rehearsal)
    assert (opened.version, deviations(opened)) == (1, [])
    assert canonical_digest(opened.plan["fixed"]) == opened.plan_digest
    assert verify_study(opened)[0].faults == []


def test_a_new_address_is_a_new_consent_for_those_who_have_not_consented():
    study = running()
    agreed, reading = Visit(study), Visit(study)
    agreed.post("consent/", {"agree": "on"})
    page = reading.get("consent/").content.decode()
    assert "mina@example.org" in page
    assert 'name="version" value="1"' in page
    change(study, "moved", contact="new@example.org")
    assert [row["field"] for row in version_entries(study)[0].data["differences"]] == [
        "contact",
        "consent_text",
        "consent_text",
    ]
    answer = reading.post("consent/", {"agree": "on", "version": "1"})
    assert answer.status_code == 422
    assert "changed just now" in answer.content.decode()
    assert "new@example.org" in answer.content.decode()
    assert reading.participant.consented_at is None
    reading.post("consent/", {"agree": "on", "version": "2"})
    assert (agreed.participant.consent_version, reading.participant.consent_version) == (1, 2)


def test_codes_of_recruitment_make_a_version_that_does_not_tell_them():
    study = running()
    save_plan(study, {"completion_code": "SECRET", "stop_at_target": True}, actor=study.owner)
    [entry] = version_entries(study)
    assert entry.data["differences"] == [
        {"field": "completion_code"},
        {"field": "stop_at_target", "old": False, "new": True},
    ]
    save_plan(study, {"completion_code": "SECRET", "stop_at_target": True}, actor=study.owner)
    assert study.log.filter(action=MADE).count() == 1, "nothing has changed"


def test_verify_names_who_was_given_another_version():
    study = running()
    answer_and_finish(enrol(study)[0])
    change(study, question="Other?")
    Participant.objects.filter(number=1).update(study_version=2)
    assert "r0001 is of the version 2; by the log they began under 1." in verify_study(study)[0].faults
    Study.objects.filter(pk=study.pk).update(version=1)
    assert "The study has the version 1; by its log it is 2." in verify_study(study)[0].faults
