"""The audit finds nothing in the survey as it is, and cleans up after itself."""

from collections import Counter
from datetime import timedelta
from itertools import combinations, product

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from study.blinding_audit import audit, guessing
from study.blinding_audit.audit import audit_study
from study.blinding_audit.devices import DEVICES, ENCODINGS, profile_of
from study.models import BlindingAudit, Participant, ProblemReport
from study.participants.links import create_personal_links
from study.stored_files.unavailable import StorageUnavailable
from tests.factories import add_clip, make_open_study, make_study
from tests.study.blinding_audit.visits import let_one_visit

pytestmark = pytest.mark.django_db


def small_audit(study, people=8, trials=2):
    return audit_study(study, people=people, trials=trials)


def visited_by(study, people, trials):
    row = BlindingAudit.objects.create(study=study, people=people)
    return audit.visit(row, trials, "", lambda done: None)


@pytest.fixture
def study():
    return make_open_study(clips=2)


@pytest.fixture
def _one_visits(monkeypatch):
    let_one_visit(monkeypatch)


def test_the_survey_has_no_leak_and_the_audit_deletes_its_pilots(study):
    report = small_audit(study)
    assert report.leaks == ()
    assert report.passed
    assert not Participant.objects.exists()
    assert not ProblemReport.objects.exists()
    assert not study.invite_links.exists()
    assert any(channel.name == "image: bytes" for channel in report.reported)


@pytest.mark.usefixtures("_one_visits")
def test_pilots_of_a_killed_audit_are_deleted_by_the_next(study, monkeypatch):
    def killed(*args):
        raise SystemExit  # and nothing that should be done afterwards is

    with monkeypatch.context() as patch:
        patch.setattr(audit, "_delete_pilots", lambda audit: None)
        patch.setattr(audit, "guess", killed)
        with pytest.raises(SystemExit):
            small_audit(study)
    create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    small_audit(study)
    assert Participant.objects.count() == 1  # who visited; it may be at work still
    BlindingAudit.objects.update(moved_at=timezone.now() - timedelta(minutes=10))
    small_audit(study)
    assert not Participant.objects.exists()
    assert study.invite_links.get().audit is None  # the researcher's own stays


@pytest.mark.usefixtures("_one_visits")
def test_the_command_fails_on_a_leak_and_passes_without(capsys):
    study = make_study(clips=1)
    call_command("audit_blinding", study.slug, participants=8, trials=1)
    assert "Nothing but the pixels" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no study"):
        call_command("audit_blinding", "nothing")


def test_pilots_give_answers_that_do_not_screen_them_out(settings):
    settings.ALLOWED_HOSTS = ["survey.example.org"]  # and under the host name of a real installation
    questions = """
questions:
  - {key: age, type: choice, text: {en: "Age"}, options: [
      {key: young, text: {en: young}, screen_out: true}, {key: old, text: {en: old}}]}
  - {key: years, type: number, text: {en: "Years"}, min: 18, max: 99}
"""
    study = make_open_study(clips=2, questions_before=questions)
    seen = visited_by(study, people=3, trials=1)
    assert len(seen.table("image").places) == 3 * 4


def test_every_pair_of_language_device_and_encoding_is_among_the_pilots():
    names = [name for name, _ in DEVICES]
    for languages in (["en"], ["en", "ko"]):
        profiles = [profile_of(person, languages) for person in range(24)]
        settings = [(p.language, p.device, p.encoding) for p in profiles]
        for one, other in combinations(range(3), 2):
            values = (languages, names, ENCODINGS)
            wanted = set(product(values[one], values[other]))
            assert {(own[one], own[other]) for own in settings} == wanted


@pytest.mark.usefixtures("_one_visits")
def test_visits_and_guesses_report_progress(study, monkeypatch):
    """A page that shows an audit takes it for dead after three minutes without progress."""
    seen = []
    save = BlindingAudit.save
    monkeypatch.setattr(
        BlindingAudit, "save", lambda self, **kw: [seen.append((self.people_done, self.channels)), save(self, **kw)][1]
    )
    monkeypatch.setattr(guessing, "BATCH", 30)
    small_audit(study)
    assert {done for done, _ in seen} == set(range(9))
    tried = [channels for done, channels in seen if done == 8]
    assert len(set(tried)) > 5
    assert tried == sorted(tried)


def test_all_states_of_all_kinds_of_trials_are_visited():
    study = make_open_study(clips=2, practice_trial=True, attention_trials=1, match_controls=1)
    add_clip(study, 9, is_practice=True)
    seen = visited_by(study, people=3, trials=2)  # so many take turns at what is beside a trial
    for kind in ("page", "page ahead", "page seen again", "page refused", "reply", "reply without script", "sound"):
        for of in ("", " of a trial for practice", " of a trial for attention", " of a trial for match"):
            if (kind, of) != ("page ahead", " of a trial for practice"):  # the first page is not fetched ahead
                assert seen.tables[kind + of].places, kind + of
    statuses = Counter(
        value.split()[0]
        for table in seen.tables.values()
        for column, values in table.columns.items()
        if column == "status"
        for value in values.values(len(table.places))
    )
    assert {"200", "204", "206", "303", "403", "404", "405", "416", "422"} <= set(statuses)
    assert {"visit: thanks", "visit: review", "problem sent", "problem refused"} <= set(seen.tables)


@pytest.mark.usefixtures("_one_visits")
def test_a_storage_that_is_away_is_said_in_the_audits_row(study, monkeypatch):
    def away(*args):
        raise StorageUnavailable("s3://b/x: no answer")

    monkeypatch.setattr(audit, "differing_files", away)
    monkeypatch.setattr(audit, "guess", lambda *args: None)
    with pytest.raises(StorageUnavailable):
        small_audit(study)
    assert BlindingAudit.objects.get().problem == audit.STORAGE_AWAY
    assert not Participant.objects.exists()
