"""The review: what is decided there names the images that were seen, is undone, and is never lost or overwritten."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generation.models import ClipStep, ReviewDecision, TagDecision
from generation.runs import execution, lifecycle, reviewing
from generation.runs.review_state import review_of
from study.models import Study
from study.setup import preflight
from study.setup.copying import copy_study
from study.setup.path_steps import Progress, progress_of, step_named
from tests.factories import UserFactory
from tests.generation.studies import add_clips, add_painted_rows, generate

CONTESTED = ("female vocal", "no vocals", "guitar", "electric guitar", "slow")


@pytest.fixture
def painted(study):
    """A study whose three clips were painted."""
    generate(study)
    return study


@pytest.fixture
def rows(study):
    """A study with three clips as painting leaves them, without their files."""
    study.clips.all().delete()
    add_painted_rows(study, 3, contested=False)
    return study


def states(study: Study) -> dict[int, bool]:
    return {row.number: row.is_approved for row in review_of(study).rows}


def seen(study, number: int) -> str:
    return next(row.seen for row in review_of(study).rows if row.number == number)


def approve(client, study, *numbers):
    sent = {"confirmed": "1"} | {f"seen-{number}": seen(study, number) for number in numbers}
    return client.post(reverse("generation_approve", args=[study.slug]), sent, follow=True)


def decide(client, study, verb, number, **sent):
    data = {"seen": seen(study, number), "show": "all"} | sent
    return client.post(reverse(f"generation_{verb}", args=[study.slug, number]), data, follow=True)


def review_page(client, study, **query) -> str:
    return client.get(reverse("generation_review", args=[study.slug]), query).content.decode()


def counts(text: str) -> list[int]:
    """The numbers beside the filters: all, undecided, approved, painted again, needs a look, tags to decide."""
    return [int(n) for n in re.findall(r'<span class="number">(\d+)</span>', text)]


def test_a_clip_is_approved_made_undecided_again_and_left_out(rows, client):
    assert "3 clips" not in approve(client, rows, 1).content.decode()
    assert states(rows) == {1: True, 2: False, 3: False}
    assert "clip1.wav: approved." in approve(client, rows, 1).content.decode(), "pressed twice"
    assert ReviewDecision.objects.count() == 1
    decide(client, rows, "reopen", 1)
    assert not any(states(rows).values())
    decide(client, rows, "leave_out", 2, reason="skips")
    assert states(rows).keys() == {1, 3}


def test_images_that_were_painted_meanwhile_are_not_approved_unseen(painted, client):
    before = seen(painted, 1)
    decide(client, painted, "repaint", 1, reason="artefact")
    address = reverse("generation_approve", args=[painted.slug])
    sent = {"seen-1": before, "confirmed": "1"}
    assert "decided meanwhile" in client.post(address, sent, follow=True).content.decode()
    token = seen(painted, 1)
    busy = client.post(address, {"seen-1": token, "confirmed": "1"}, follow=True).content.decode()
    assert "are being made again" in busy
    execution.run_pending(painted)
    for old in (before, token):
        refused = client.post(address, {"seen-1": old, "confirmed": "1"}, follow=True).content.decode()
        assert "other images now than the ones you saw" in refused
    assert not any(states(painted).values())
    # The control: the page as it is now.
    approve(client, painted, 1)
    assert states(painted)[1]


def test_an_approval_ends_with_its_images(painted, client):
    approve(client, painted, 1, 2, 3)
    assert all(states(painted).values())
    decide(client, painted, "repaint", 2, reason="text_in_image")
    execution.run_pending(painted)
    assert states(painted) == {1: True, 2: False, 3: True}
    assert "clip2.wav" in review_page(client, painted, show="repainted")


def test_two_tabs_overwrite_nothing_unseen(rows, client):
    second_tab = seen(rows, 1)
    approve(client, rows, 1)
    address = reverse("generation_leave_out", args=[rows.slug, 1])
    shown = client.post(address, {"seen": second_tab, "reason": "dull"}, follow=True).content.decode()
    assert "clip1.wav was decided meanwhile: approved (owner)" in shown
    assert states(rows)[1]


def test_a_page_is_approved_after_one_question_that_names_its_clips(rows, client):
    text = review_page(client, rows)
    tokens = dict(re.findall(r'name="(seen-\d+)" value="([^"]+)"', text.split("data-approve-page")[1]))
    assert len(tokens) == 3
    question = client.post(reverse("generation_approve", args=[rows.slug]), tokens).content.decode()
    assert "Approve the images of 3 clips?" in question
    assert all(f"clip{n}.wav" in question for n in (1, 2, 3))
    assert not any(states(rows).values())
    assert "3 clips are approved" in approve(client, rows, 1, 2, 3).content.decode()
    assert rows.log.get(action="images approved").data["clips"] == ["clip1.wav", "clip2.wav", "clip3.wav"]
    undo(client, rows)
    assert not any(states(rows).values()), "what was approved together is undone together"


def batch_of(page: str) -> str:
    """What the button “Undo” names; empty if the page has none."""
    found = re.search(r'name="batch" value="(\w+)"', page)
    return found[1] if found else ""


def undo(client, study, batch=None):
    sent = {"batch": batch or batch_of(review_page(client, study)), "show": "all"}
    return client.post(reverse("generation_undo", args=[study.slug]), sent, follow=True).content.decode()


def test_each_last_decision_can_be_undone(rows, client):
    before = ClipStep.objects.filter(clip__number=2, kind="paint").values("state", "seed_number", "error").get()
    approve(client, rows, 1)
    decide(client, rows, "leave_out", 3, reason="skips")
    decide(client, rows, "repaint", 2, reason="unsafe", named=["original_tags"])
    assert "Undone: clip2.wav, sent to be painted again." in undo(client, rows)
    assert ClipStep.objects.filter(clip__number=2, kind="paint").values("state", "seed_number", "error").get() == before
    assert not rows.generation_runs.filter(state="running").exists()
    undo(client, rows)
    assert states(rows) == {1: True, 2: False, 3: False}
    undo(client, rows)
    assert not any(states(rows).values())
    assert "Nothing was undone" in undo(client, rows)


def test_a_painting_that_has_begun_is_not_undone_and_nobody_undoes_for_another(painted, client):
    reviewing.approve(painted, {1: seen(painted, 1)}, actor=UserFactory(username="colleague"))
    assert "Nothing was undone" in undo(client, painted)
    decide(client, painted, "repaint", 2, reason="artefact")
    named = batch_of(review_page(client, painted))
    execution.run_pending(painted)
    assert "can no longer be undone" in undo(client, painted, batch=named)
    assert review_of(painted).rows[1].repaints == 1
    assert batch_of(review_page(client, painted)) == "", "what cannot be undone is not offered"


def test_undoing_takes_no_clip_out_of_a_later_run(painted, client):
    decide(client, painted, "repaint", 1, reason="artefact")
    named = batch_of(review_page(client, painted))
    lifecycle.cancel_run(painted.generation_runs.last())
    assert batch_of(review_page(client, painted)) == named, "a cancelled run leaves it to be undone"
    later = lifecycle.start_run(painted)
    ClipStep.objects.filter(kind="paint", run=later, clip__number=1).update(state="waiting")
    assert "can no longer be undone" in undo(client, painted, batch=named)
    assert ClipStep.objects.get(clip__number=1, kind="paint", run=later).state == "waiting"


def test_a_repaint_needs_a_reason_of_the_list_and_words_for_another(rows, client):
    for sent in ({}, {"reason": "ugly"}, {"reason": "other"}, {"reason": "other", "note": "  "}):
        assert "Give a reason" in decide(client, rows, "repaint", 1, **sent).content.decode()
    decide(client, rows, "repaint", 1, reason="other", note="too dark", named=["original_tags", "none such"])
    row = ReviewDecision.objects.get()
    assert (row.reason, row.note, row.named) == ("other", "too dark", ["original_tags"])
    entry = rows.log.get(action="repainted")
    assert entry.reason == "too dark"
    assert "original_tags" not in str(entry.data), "the log is read while the study is sealed"


def test_filters_keep_their_counts_and_show_their_clips(painted, client):
    add_clips(painted, 1, tags=CONTESTED)
    generate(painted)
    approve(client, painted, 1)
    ClipStep.objects.filter(clip__number=3, kind="paint").update(state="failed", error="clip3.wav: no paint left")
    for show, clips in {
        "all": "1234",
        "undecided": "234",
        "approved": "1",
        "repainted": "",
        "checks": "3",
        "contested": "4",
        "nonsense": "1234",
    }.items():
        text = review_page(client, painted, show=show)
        assert re.findall(r'data-card="(\d)"', text) == list(clips), show
        assert counts(text)[:6] == [4, 3, 1, 0, 1, 1]


def test_without_script_one_comes_back_to_the_clip_after_the_decided_one(rows, client):
    tokens = {"seen-1": seen(rows, 1), "confirmed": "1", "show": "undecided"}
    response = client.post(reverse("generation_approve", args=[rows.slug]), tokens)
    assert response.url == reverse("generation_review", args=[rows.slug]) + "?show=undecided&clip=2#clip-2"


def test_a_script_gets_the_card_and_the_bar(rows, client):
    sent = {"seen-1": seen(rows, 1), "confirmed": "1", "show": "all"}
    response = client.post(reverse("generation_approve", args=[rows.slug]), sent, headers={"X-Requested-With": "fetch"})
    text = response.content.decode()
    assert "<html" not in text
    assert 'data-card="1"' in text
    assert "1 of 3 clips approved" in text


def test_contested_tags_are_decided_on_the_page_and_say_what_must_be_made_again(painted, client):
    add_clips(painted, 1, tags=CONTESTED)
    generate(painted)
    kept = ClipStep.objects.get(clip__number=4, kind="redefine").result["contested"][0]["kept"][0]
    address = reverse("generation_decide", args=[painted.slug])
    sent = {"clip": "4", "show": "all"}
    text = client.post(address, sent | {f"decide-4-{kept}": "remove"}, follow=True).content.decode()
    assert "1 decision is kept. The tags of 1 clip change by it: its images must be made again." in text
    assert "Tags were decided after these images were made" in text
    assert any("decided after its images" in finding.message for finding in preflight.run(painted))
    client.post(address, sent | {"generate": "1"})
    execution.run_pending(painted)
    assert kept not in ClipStep.objects.get(clip__number=4, kind="redefine").result["corrected"]
    assert not review_of(painted).outdated
    # A second tab that shows the tag as undecided overwrites nothing.
    text = client.post(address, sent | {f"decide-4-{kept}": "keep"}, follow=True).content.decode()
    assert "was decided meanwhile: remove" in text
    assert TagDecision.objects.get().choice == "remove"
    client.post(address, sent | {f"was-4-{kept}": "remove", f"decide-4-{kept}": "keep"})
    assert TagDecision.objects.get().choice == "keep"


def test_the_step_is_done_once_all_is_approved_and_every_tag_decided(rows, client):
    step = step_named("review")
    assert progress_of(step, rows) is Progress.PARTLY
    assert any("Nobody has approved the images of 3 clips" in found.message for found in preflight.run(rows))
    approve(client, rows, 1, 2, 3)
    assert progress_of(step, rows) is Progress.DONE
    add_painted_rows(rows, 3)
    approve(client, rows, 4, 5, 6)
    assert progress_of(step, rows) is Progress.PARTLY, "a tag of the sixth clip is not decided"


def test_a_sealed_study_shows_nothing_of_the_review_and_takes_no_decision(painted, client):
    decide(client, painted, "repaint", 1, reason="artefact", named=["original_tags"])
    execution.run_pending(painted)
    approve(client, painted, 1)
    token = seen(painted, 2)
    assert "approved" in review_page(client, painted)
    Study.objects.filter(pk=painted.pk).update(status="open")
    assert re.findall(r'data-card="(\d)"', review_page(client, painted, show="approved")) == ["1", "2", "3"]
    text = review_page(client, painted)
    for word in ("approved", "artefact", "original", "Original", "painted again", "seen-"):
        assert word not in text, word
    sent = {"seen-2": token, "confirmed": "1"}
    address = reverse("generation_approve", args=[painted.slug])
    card = client.post(address, sent, headers={"X-Requested-With": "fetch"}).content.decode()
    assert "can no longer change" in card
    assert "data-card" not in card
    assert "clips approved" not in card
    client.post(reverse("generation_undo", args=[painted.slug]), {"batch": ReviewDecision.objects.last().batch})
    assert states(painted) == {1: True, 2: False, 3: False}


def test_the_large_view_shows_an_image_beside_the_others(rows, client):
    address = reverse("generation_large", args=[rows.slug, 1, 2])
    text = client.get(address).content.decode()
    assert text.count('/preview"') == 4
    assert re.search(r'<a href="[^"]*/large/2/" aria-current="true">', text)
    assert client.get(reverse("generation_large", args=[rows.slug, 1, 5])).status_code == 404
    Study.objects.filter(pk=rows.pk).update(status="open")
    sealed = client.get(address).content.decode()
    assert "Image 2 of clip1.wav" in sealed
    assert "Redefined" not in sealed


def test_a_copy_keeps_what_was_decided_since_it_has_the_same_images(painted, client, owner):
    approve(client, painted, 1)
    decide(client, painted, "repaint", 2, reason="artefact")
    execution.run_pending(painted)
    copy = copy_study(painted, title="Copy", owner=owner)
    assert states(copy) == {1: True, 2: False, 3: False}
    assert [row.repaints for row in review_of(copy).rows] == [0, 1, 0]
    assert "can no longer be undone" in undo(client, copy)


def test_a_cancelled_painting_is_said_and_started_again(painted, client):
    decide(client, painted, "repaint", 1, reason="artefact")
    lifecycle.cancel_run(painted.generation_runs.last())
    assert "A run ended before these images were made again" in review_page(client, painted, show="checks")
    lifecycle.start_run(painted)
    execution.run_pending(painted)
    assert "A run ended" not in review_page(client, painted)


def test_the_page_asks_the_database_as_often_for_200_clips_as_for_5(study, client):
    study.clips.all().delete()
    add_painted_rows(study, 5)
    few = [queries(client, study, query) for query in QUERIES]
    add_painted_rows(study, 195)
    reviewing.approve(study, {row.number: row.seen for row in review_of(study).rows[:100]})
    assert [queries(client, study, query) for query in QUERIES] == few


QUERIES = ({}, {"show": "undecided"}, {"clip": "3"})


def queries(client, study, query) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse("generation_review", args=[study.slug]), query).status_code == 200
    return len(asked)
