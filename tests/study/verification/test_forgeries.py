"""Forgeries in the database, as an operator could make them, and that `verify` names each.

The control of each is the check of earlier versions: every ballot agrees with its digest, and every receipt opens the
commitment that an export computes.
"""

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from study.ballots.casting import Answer, cast_ballot, digest_of
from study.ballots.commitments import FINISHED, secret_for
from study.ballots.receipts import (
    ballot_digest,
    commitment_of,
    find_receipt,
    receipt_commitment,
    receipt_for,
    verify_ballot,
)
from study.ballots.table import ballot_rows
from study.digests import canonical_digest, next_head
from study.models import Ballot, ChainHead, LogEntry, Participant, Stimulus, Study, Trial
from study.models.log import record
from study.opaque_tokens import new_nonce
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import withdraw
from study.setup.lifecycle import close_study
from study.verification import people, verify_installation, verify_study
from study.verification.people import people_of
from tests.factories import make_study, open_with_images
from tests.shared_rows import study_of_file

pytestmark = pytest.mark.django_db
PEOPLE, CLIPS = 4, 2


def make_answered() -> Study:
    """An open study that some people have finished; one more has stopped after one answer."""
    study = open_with_images(make_study(clips=CLIPS, grace_minutes=0))
    study.plan = {"fixed": {"alpha": 0.05, "weights": [3.0, 1.0]}}
    study.plan_digest = canonical_digest(study.plan["fixed"])
    study.save()
    record(study, "opened", actor=study.owner, plan_digest=study.plan_digest)
    for person in range(PEOPLE + 1):
        participant, _token = enrol(study)
        for trial in participant.trials.all():
            cast_ballot(trial, Answer(uuid4(), "A", "B"))
            if person == PEOPLE:
                break
        else:
            finish(participant)
    return study


made, study = study_of_file(make_answered)


def receipts(study: Study) -> list[str]:
    return list(study.participants.exclude(receipt="").values_list("receipt", flat=True))


def old_check_passes(study: Study, given: list[str]) -> bool:
    rows = ballot_rows(study, sealed=False)
    digests: dict[str, list[str]] = {}
    for row in rows:
        digests.setdefault(row["participant"], []).append(row["digest"])
    finished = study.participants.exclude(receipt="")
    stated = {row.code: receipt_commitment(row.receipt, digests.get(row.code, ())) for row in finished}
    return all(verify_ballot(row) for row in rows) and all(find_receipt(text, digests, stated) for text in given)


def faults(study: Study, *given: str) -> str:
    found, unknown = verify_study(study, given)
    return "\n".join([*found.faults, *(f"unknown receipt {text}" for text in unknown)])


def rewrite_ballots(study: Study, people: int = PEOPLE - 1) -> None:
    """Give the ballots of all but one person another 1st choice, with fresh nonces and digests."""
    keys = dict(Stimulus.objects.values_list("pk", "condition__key"))
    for ballot in Ballot.objects.filter(trial__participant__number__lte=people).select_related("trial__participant"):
        ballot.first_id, ballot.second_id = ballot.trial.position_order[2:4]
        ballot.nonce = new_nonce()
        ballot.digest = digest_of(ballot, ballot.trial, keys)
        ballot.save()


def rechain(study: Study) -> None:
    """Compute every digest and head of the log again, as somebody with the database can."""
    head = ""
    for number, entry in enumerate(study.log.order_by("number"), start=1):
        entry.number = number
        entry.digest = entry.content_digest()
        entry.head = head = next_head(head, number, entry.digest)
        entry.save()
        ChainHead.objects.filter(study=study).update(number=number, head=head)


def recompute_commitments(study: Study, *, fresh_receipts: bool) -> None:
    persons = {person.code: person for person in people_of(study)}
    for entry in study.log.filter(action=FINISHED):
        person, digests = persons[entry.data["participant"]].row, persons[entry.data["participant"]].digests
        entry.data["commitment"] = commitment_of(secret_for(person), person.code, digests)
        entry.save()
        if fresh_receipts:
            person.receipt = receipt_for(secret_for(person), entry.data["commitment"])
            person.save()


def test_nothing_is_wrong_with_a_study_that_nobody_forged(study, capsys):
    set_exclusion(study, "r0002", "heard no sound", actor=study.owner)
    withdraw(Participant.objects.get(study=study, number=3))
    record(study, "participant withdrew", participant="p0099")  # a pilot: they have numbers of their own
    close_study(study)
    assert faults(study, *receipts(study)) == ""
    call_command("verify", study.slug, receipt=[receipts(study)[0]])
    printed = capsys.readouterr().out
    assert "r0001, 2 ballots, all as cast" in printed
    assert f"commitments of {PEOPLE} people" in printed  # who finished, without the one withdrawn, and who stopped
    call_command("verify")
    assert verify_installation().faults == []


def test_rewritten_ballots_are_found_though_their_digests_agree(study):
    given = receipts(study)
    rewrite_ballots(study)
    assert old_check_passes(study, given)
    text = faults(study)
    assert text.count("ballots or answers were changed, added or removed since they finished") == PEOPLE - 1


def test_commitments_computed_again_break_the_log(study):
    given = receipts(study)
    rewrite_ballots(study)
    recompute_commitments(study, fresh_receipts=False)
    assert old_check_passes(study, given)
    assert faults(study).count("(participant finished) was changed after it was written") == PEOPLE - 1


@pytest.mark.parametrize("fresh_receipts", [False, True])
def test_a_log_that_is_written_anew_is_disproved_by_each_receipt(study, fresh_receipts):
    given = receipts(study)
    rewrite_ballots(study)
    recompute_commitments(study, fresh_receipts=fresh_receipts)
    rechain(study)
    if fresh_receipts:
        assert faults(study) == ""  # only what has left the database knows better: receipts, and published heads
    else:
        assert old_check_passes(study, given)
        assert "the receipt stored is not the one that was given" in faults(study)
    text = faults(study, *given)
    assert text.count("unknown receipt") == PEOPLE - 1  # the receipt of the person whose ballots are as cast is right
    with pytest.raises(SystemExit) as ended:
        call_command("verify", study.slug, receipt=given[:1])
    assert ended.value.code == 1


def rename_line(study):
    study.log.filter(action="participant left out").update(action="described")


def delete_line(study):
    study.log.filter(action="participant left out").delete()


def cut_off_end(study):
    study.log.order_by("number").last().delete()


def change_actor(study):
    study.log.filter(action="participant left out").update(actor_name="nobody")


def erase_line(study):
    study.log.filter(action="opened").update(erased=True, data={}, nonce="")


def exclude_by_sql(study):
    study.participants.filter(number=2).update(excluded=True)


def exclude_by_a_rule(study):
    study.participants.filter(number=2).update(rule_exclusions=[{"kind": "too_fast", "at": 0.5}])


def count_nothing_of_a_person(study):
    study.participants.filter(number=2).update(main_answered=0)


def count_nothing_of_who_stopped(study):
    study.participants.filter(number=PEOPLE + 1).update(answered=0)


def include_by_sql(study):
    study.participants.filter(number=1).update(excluded=False)


def delete_person(study):
    Participant.objects.filter(study=study, number=2).delete()


def delete_last_person(study):
    Participant.objects.filter(study=study, number=PEOPLE).delete()
    Participant.objects.filter(study=study, number=PEOPLE + 1).delete()


def change_answers(study):
    study.participants.filter(number=2).update(answers={"before": {"age": 99}})


def delete_ballot(study):
    Ballot.objects.filter(trial__participant__number=2, trial__number=1).delete()


def change_order_shown(study):
    trial = study.participants.get(number=2).trials.get(number=1)
    trial.position_order = trial.position_order[::-1]
    trial.save()


def withdraw_by_sql(study):
    study.participants.filter(number=2).update(status="withdrawn")


def reopen(study):
    Study.objects.filter(pk=study.pk).update(status="paused")


def change_plan(study):
    fixed = study.plan["fixed"] | {"alpha": 0.1}
    Study.objects.filter(pk=study.pk).update(plan={"fixed": fixed}, plan_digest=canonical_digest(fixed))


def close_earlier(study):
    Study.objects.filter(pk=study.pk).update(closed_at=study.created_at.replace(year=2020), status="closed")


@pytest.mark.parametrize(
    ("forge", "named"),
    [
        (rename_line, "(described) was changed after it was written"),
        (delete_line, f"entry {PEOPLE + 2} is missing before entry {PEOPLE + 3}"),
        (cut_off_end, "its end was cut off"),
        (change_actor, "(participant left out) was changed after it was written"),
        (erase_line, "(opened) was erased; only entries about a participant may be"),
        (exclude_by_sql, "r0002 is left out; by the log they are not left out"),
        (exclude_by_a_rule, "r0002: the rules that leave them out are not those"),
        (count_nothing_of_a_person, f"r0002: 0 answers to main trials are counted, {CLIPS} are stored"),
        (count_nothing_of_who_stopped, f"r{PEOPLE + 1:04d}: 0 answers are counted, 1 are stored"),
        (include_by_sql, "r0001 is not left out; by the log they are left out"),
        (delete_person, "Participant r0002 is gone"),
        (delete_last_person, f"Participant r{PEOPLE:04d} is gone"),
        (change_answers, "r0002: ballots or answers were changed"),
        (delete_ballot, "r0002: ballots or answers were changed"),
        (change_order_shown, "Ballot r0002, trial 1: it does not agree with its digest"),
        (withdraw_by_sql, "r0002 is withdrawn, and the log does not say so"),
        (reopen, "The study is paused; by its log it is open"),
        (change_plan, "The plan is not the one"),
        (close_earlier, "The study was closed by its row or by its log only"),
    ],
)
def test_each_forgery_is_named(study, forge, named):
    set_exclusion(study, "r0001", "a bot", actor=study.owner)
    record(study, "described", actor=study.owner)
    forge(study)
    study.refresh_from_db()
    if forge is not change_order_shown:  # the digests of earlier versions did not cover it
        assert old_check_passes(study, [])
    assert named in faults(study)


def test_what_came_after_answers_ended_is_named(study):
    close_study(study)
    assert faults(study) == ""
    stopped = study.participants.get(number=PEOPLE + 1)
    Ballot.objects.filter(trial__participant=stopped).update(reason="", nonce="00")
    rewrite_ballots(study, people=PEOPLE + 1)
    assert f"r{PEOPLE + 1:04d}: ballots or answers were changed, added or removed since answers ended" in faults(study)


def test_whoever_is_added_after_answers_ended_is_named(study):
    newcomer, _token = enrol(study)
    other, _token = enrol(study)
    close_study(study)
    assert faults(study) == ""
    Study.objects.filter(pk=study.pk).update(status="open")  # for a moment, to let them in
    for person in (newcomer, other):
        cast_ballot(person.trials.get(number=1), Answer(uuid4(), "A", "B"))
    cast_ballot(other.trials.get(number=2), Answer(uuid4(), "A", "B"))
    finish(other)
    Study.objects.filter(pk=study.pk).update(status="closed")
    study.refresh_from_db()
    named = faults(study)
    assert f"{newcomer.code} has answers, and had none when answers ended" in named
    assert f"{other.code} finished after answers had ended" in named


def test_the_log_of_the_installation_is_checked_too():
    record(None, "study deleted", slug="gone", number=3)
    record(None, "signed in")
    assert verify_installation().faults == []
    LogEntry.objects.filter(study=None, number=1).delete()
    assert "entry 1 is missing" in verify_installation().faults[0]


def test_an_unknown_study_is_named():
    with pytest.raises(CommandError, match="There is no study"):
        call_command("verify", "nothing")


def test_a_match_control_answer_for_the_other_clips_image_of_the_same_condition() -> None:
    study = open_with_images(make_study(clips=CLIPS, match_controls=1))
    person, _token = enrol(study)
    for trial in person.trials.all():
        cast_ballot(trial, Answer(uuid4(), "A", "B"))
    ballot = Ballot.objects.get(trial__participant=person, trial__kind=Trial.Kind.MATCH)
    assert "does not agree with its digest" not in faults(study)
    chosen = Stimulus.objects.get(pk=ballot.first_id)
    shown = Stimulus.objects.filter(pk__in=ballot.trial.position_order, condition=chosen.condition)
    ballot.first = shown.exclude(pk=chosen.pk).get()
    if ballot.second_id == ballot.first_id:
        ballot.second = chosen
    ballot.save()
    assert "does not agree with its digest" in faults(study)
    rows = ballot_rows(study, sealed=False, trial_kinds=[Trial.Kind.MATCH])
    earlier = rows[0] | {name: rows[0][name].partition("@")[0] for name in ("first", "second")}
    rows[0]["digest"] = ballot_digest(rows[0]["nonce"], earlier, version=1)
    assert verify_ballot(rows[0])  # the control: a digest of version 1 did not tell them apart


@pytest.fixture
def late(study):
    """Who has answered everything and is about to finish."""
    [late] = study.participants.filter(status=Participant.Status.STARTED)
    for trial in late.trials.filter(ballot=None):
        cast_ballot(trial, Answer(uuid4(), "A", "B"))
    return late


@pytest.mark.parametrize("look_again", [True, False])
def test_somebody_who_finishes_while_the_people_are_read_is_no_forgery(study, late, monkeypatch, look_again):
    read_people = people.people_of

    def finish_first(study, *rows):
        if not rows:  # after the log was read, before the people are
            finish(late)
        return read_people(study, *rows)

    monkeypatch.setattr(people, "people_of", finish_first)
    if not look_again:  # the control: the log as it was read knows of no end
        monkeypatch.setattr(people, "_look_again", lambda *_args: None)
    found = verify_study(study)[0].faults
    assert found == ([] if look_again else [f"{late.code} has finished, and the log has no commitment of theirs."])


def test_a_fault_that_the_second_look_alone_finds_is_named(study, late, monkeypatch):
    read_people = people.people_of

    def finish_first_and_exclude_then(study, *rows):
        if rows:
            study.participants.filter(pk=late.pk).update(excluded=True)
        else:
            finish(late)
        return read_people(study, *rows)

    monkeypatch.setattr(people, "people_of", finish_first_and_exclude_then)
    assert verify_study(study)[0].faults == [f"{late.code} is left out; by the log they are not left out."]
