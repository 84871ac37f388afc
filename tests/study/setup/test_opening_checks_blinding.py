"""Opening a study checks the blinding of exactly what will be shown.

One pilot alone visits: the tests are about what follows from an audit, not about what all of them see.
"""

import functools
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from study import tasks
from study.blinding_audit import audit, verdicts
from study.blinding_audit.queueing import find_lost_audits
from study.errors import PreflightFailed
from study.models import BlindingAudit, Stimulus, Study
from study.setup import lifecycle
from study.simulation.people import simulate_participants
from tests.factories import make_study
from tests.study.blinding_audit.visits import let_one_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(monkeypatch):
    """A small study, and audits of fewer people, so that it is quick."""
    small = functools.partial(audit.audit_study, people=8)
    monkeypatch.setattr(audit, "audit_study", small)
    return make_study(clips=1)


@pytest.fixture(autouse=True)
def _one_visits(monkeypatch):
    let_one_visit(monkeypatch)


def spoil(study):
    """One image gets a byte after its end."""
    stimulus = Stimulus.objects.filter(clip__study=study).first()
    stimulus.image.save("image.png", ContentFile(stimulus.image.read() + b"!"))


@pytest.fixture
def worker(monkeypatch):
    """A worker that does what it was sent when the test calls it."""
    sent: list[int] = []
    monkeypatch.setattr("study.blinding_audit.queueing.queue_audit", sent.append)

    def work() -> int:
        done = len(sent)
        while sent:
            tasks.audit_blinding(sent.pop(0))
        return done

    work.forget = sent.clear
    return work


@pytest.fixture
def press(draft, client, django_capture_on_commit_callbacks):
    """Presses "Open the study"; returns the page that one is led to."""
    client.force_login(draft.owner)

    def press() -> str:
        with django_capture_on_commit_callbacks(execute=True):
            page = client.post(reverse("study_move", args=[draft.slug, "begin"]), {"confirmed": "1"}, follow=True)
        draft.refresh_from_db()
        return page.text

    return press


def test_the_study_opens_after_a_worker_has_audited_it(draft, press, worker, client):
    page = press()
    assert draft.status == Study.Status.DRAFT
    assert "The study opens by itself as soon as the check has passed" in page
    assert "Open the study</button>" not in page
    part = reverse("study_blinding", args=[draft.slug])
    assert "data-reload" not in client.get(part).text
    assert worker() == 1
    draft.refresh_from_db()
    assert draft.status == Study.Status.OPEN
    assert "data-reload" in client.get(part).text
    assert "The link for participants" in client.get(reverse("study_open", args=[draft.slug])).text
    check = draft.blinding_audits.get()
    assert check.state == BlindingAudit.State.PASSED
    assert check.fingerprint == verdicts.fingerprint(draft)
    assert draft.log.filter(action="blinding audited", data__passed=True).exists()
    assert draft.log.filter(action="opened", actor=draft.owner).exists()
    assert not draft.participants.exists()


def test_opening_twice_audits_once(draft, press, worker):
    press()
    assert "opens by itself" in press()
    worker()
    draft.refresh_from_db()
    assert (draft.status, draft.blinding_audits.count()) == (Study.Status.OPEN, 1)


def test_asking_to_open_during_an_audit_opens_after_it(draft, press, worker, monkeypatch):
    """The audit writes its progress into the row that also stores the wish to open."""
    visit = audit.crawl
    monkeypatch.setattr(audit, "crawl", lambda *args: [visit(*args), press()][0])
    BlindingAudit.objects.create(study=draft, fingerprint=verdicts.fingerprint(draft))
    tasks.audit_blinding(draft.blinding_audits.get().pk)
    draft.refresh_from_db()
    assert (draft.status, draft.blinding_audits.count()) == (Study.Status.OPEN, 1)


def test_an_audited_study_opens_at_once(draft, press, worker):
    BlindingAudit.objects.create(study=draft, state=BlindingAudit.State.PASSED, fingerprint=verdicts.fingerprint(draft))
    assert "Share the link" in press()
    assert (draft.status, worker()) == (Study.Status.OPEN, 0)


@pytest.mark.parametrize("change", [{"alpha": 0.01}, {"practice_trial": True}], ids=["plan", "pages"])
def test_a_study_changed_during_the_audit_stays_a_draft_with_a_reason(draft, press, worker, client, change):
    press()
    Study.objects.filter(pk=draft.pk).update(**change)
    worker()
    draft.refresh_from_db()
    assert draft.status == Study.Status.DRAFT
    assert "was changed while its blinding was checked" in client.get(reverse("study_open", args=[draft.slug])).text


def test_a_starting_worker_takes_waiting_audits(draft, press, worker):
    press()
    BlindingAudit.objects.update(asked_at=timezone.now() - timedelta(minutes=10))
    worker.forget()  # killed with the message in hand
    find_lost_audits(True)
    assert worker() == 1
    draft.refresh_from_db()
    assert draft.status == Study.Status.OPEN
    find_lost_audits(True)
    assert worker() == 0


def test_an_audit_that_waited_too_long_does_not_open_the_study(draft, press, worker):
    press()
    BlindingAudit.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    worker()
    draft.refresh_from_db()
    assert draft.status == Study.Status.DRAFT
    assert draft.blinding_audits.get().state == BlindingAudit.State.PASSED


def test_a_leaking_study_does_not_open_and_the_page_names_the_leak(draft, press, worker, client):
    spoil(draft)
    press()
    worker()
    draft.refresh_from_db()
    assert draft.status == Study.Status.DRAFT
    page = client.get(reverse("study_open", args=[draft.slug])).text
    assert "after the end" in page
    assert "Open the study</button>" not in page
    assert "after the end" in press()
    with pytest.raises(PreflightFailed):
        lifecycle.open_study(draft)
    assert draft.blinding_audits.count() == 1  # the verdict holds until something changes


def test_a_verdict_holds_until_the_shown_content_changes(draft, monkeypatch):
    BlindingAudit.objects.create(study=draft, state=BlindingAudit.State.PASSED, fingerprint=verdicts.fingerprint(draft))
    ran = []
    monkeypatch.setattr(audit, "audit_study", lambda study, **kwargs: ran.append(study))
    spoil(draft)
    assert verdicts.last_verdict(draft) is None
    with pytest.raises(lifecycle.NotAllowedNow):  # the check that never came to a verdict opens nothing
        lifecycle.open_study(draft)
    assert ran == [draft]


def test_the_page_shows_the_progress_of_an_audit(draft, client, worker, django_capture_on_commit_callbacks):
    client.force_login(draft.owner)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("study_blinding_check", args=[draft.slug]))
        client.post(reverse("study_blinding_check", args=[draft.slug]))  # pressed twice is asked once
    (check,) = draft.blinding_audits.all()
    assert "waits for a worker" in client.get(reverse("study_blinding", args=[draft.slug])).text
    begun = timezone.now() - timedelta(seconds=60)
    BlindingAudit.objects.update(state="running", people=24, people_done=6, started_at=begun)
    page = client.get(reverse("study_blinding", args=[draft.slug])).text
    assert "6 of 24" in page
    assert "About 4 minutes are left" in page
    BlindingAudit.objects.update(people_done=24, channels=1234)
    assert "1234 ways to guess have been tried so far" in client.get(reverse("study_blinding", args=[draft.slug])).text
    BlindingAudit.objects.update(state="waiting")
    assert worker() == 1
    tasks.audit_blinding(check.pk)  # a message that comes twice does nothing more
    check.refresh_from_db()
    assert (check.state, check.people_done) == ("passed", 8)
    page = client.get(reverse("study_open", args=[draft.slug])).text
    assert "nothing but the pixels reveals the condition" in page
    lifecycle.open_study(draft)
    assert draft.blinding_audits.count() == 1


def test_a_failed_audit_keeps_its_reason(draft):
    Stimulus.objects.filter(clip__study=draft).first().image.delete(save=False)
    check = BlindingAudit.objects.create(study=draft, fingerprint="")
    tasks.audit_blinding(check.pk)
    check.refresh_from_db()
    assert check.state == BlindingAudit.State.FAILED
    assert check.problem


def test_a_simulated_study_opens_without_an_audit(draft, monkeypatch):
    monkeypatch.setattr(audit, "audit_study", lambda study, **kwargs: pytest.fail("was audited"))
    draft.simulated = True
    draft.save()
    lifecycle.open_study(draft)
    (person,) = simulate_participants(draft, 1, np.random.default_rng(1))
    assert person.status == "completed"
