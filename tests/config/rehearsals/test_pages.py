"""The page “Rehearse”, and who sees a rehearsal: those who work on its study, and no list of studies."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.rehearsals.pages import _in_words
from config.rehearsals.request import Wanted
from study.instruments.presets import PRESETS
from study.models import Job, Role, Study
from study.setup.drafting import delete_draft
from study.setup.sharing import accept_ownership, offer_ownership
from study.simulation.chosen_preference import ChosenPreference, Winner
from tests.factories import StudyFactory, UserFactory, make_study, open_with_images

pytestmark = pytest.mark.django_db
WANTED = Wanted(12, 0.1, ChosenPreference((Winner("tags", "redefined", 0.6),)), 1)
TOLD: dict[str, Any] = {
    "number": 1,
    **WANTED.as_json(),
    "times": {"pages": 240, "milliseconds": 4800.0, "slowest": 90.0, "slowest_page": "trial", "failed": 0},
    "broken": [],
    "export": {"files": 40, "faults": []},
    **{"began": 12, "completed": 11, "problem": "", "answers": 60, "level": 0.95},
    "expected": {"redefined_tags": 0.3, "redefined_sentence": 0.3, "original_tags": 0.2, "original_sentence": 0.2},
    "shares": {"redefined_tags": 0.35, "redefined_sentence": 0.3, "original_tags": 0.2, "original_sentence": 0.15},
    "comparisons": [
        {"contrast": "redefined_minus_original", "expected": 0.66, "estimate": 0.8}
        | {"low": 0.31, "high": 1.29, "detectable": 0.71}
    ],
}
FORM = {"people": "12", "leave": "10", "person_sd": "0.6", "clip_sd": "0.4", "seed": "1"}
FACTOR = {"preference": "factors", "winner-0": "redefined", "share-0": "60", "share-1": "60"}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def copy_of(study: Study, **fields: Any) -> Study:
    more = {"simulated": True, "rehearsal_of": study, "owner": study.owner, "rehearsal": TOLD, "grace_minutes": 0}
    closed = {"status": Study.Status.CLOSED, "closed_at": timezone.now() - timedelta(hours=1)}
    return make_study(clips=1, **(more | closed | fields))


def page(client: Client, study: Study, data: dict[str, str] | None = None, user: Any = None) -> Any:
    client.force_login(user or study.owner, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("study_rehearse", args=[study.slug])
    return client.get(address) if data is None else client.post(address, data)


def test_what_is_chosen_is_what_a_worker_is_asked_for(client: Client) -> None:
    study = make_study(clips=2)
    shown = page(client, study, FORM | FACTOR | {"show": "1"}).content.decode()
    assert "this lets expect" in shown
    assert not Job.objects.exists()
    reply = page(client, study, FORM | FACTOR)
    job = study.jobs.get()
    assert (reply.status_code, job.kind) == (302, "rehearsal")
    assert Wanted.from_json(job.arguments) == WANTED
    assert "being rehearsed" in page(client, study).content.decode()
    again = page(client, study, FORM | FACTOR)
    assert (again.status_code, study.jobs.count()) == (400, 1)


def test_of_other_questions_the_page_tells_the_means_to_expect(client: Client) -> None:
    study = make_study(clips=1, conditions=2, instrument=PRESETS["pairs"])
    shown = page(client, study, FORM | {"preference": "none", "show": "1"}).content.decode()
    found = re.search(r"pair \(1 for a pair that is won, ½ for a tie\): Painter a (0\.\d+); Painter b 0\.", shown)
    assert found is not None
    assert float(found[1]) == pytest.approx(0.5, abs=0.02)
    assert "One preference holds for all questions that compare images" in shown
    classic = page(client, make_study(clips=1, owner=study.owner)).content.decode()
    assert "One preference holds for all questions" not in classic


def test_what_is_found_for_another_question_is_not_called_points(client: Client) -> None:
    row = {"contrast": "redefined_minus_original", "expected": 0.9, "estimate": 1.0, "low": 0.5, "high": 1.5}
    row |= {"detectable": 0.7}
    of_scale, of_choices = (_in_words(row | more, {}, 0.95) for more in ({"question": "match"}, {}))
    assert of_scale["result"] == "chosen 0.90, found 1.00 (95 % interval 0.50 to 1.50)."
    assert of_choices["result"] == "chosen 0.90 points, found 1.00 (95 % interval 0.50 to 1.50)."
    assert "points" not in of_scale["power"]
    assert "points" in of_choices["power"]


def test_without_a_preference_each_choice_is_a_toss(client: Client) -> None:
    study = make_study(clips=2, conditions=3)
    page(client, study, FORM | {"preference": "none"})
    assert Wanted.from_json(study.jobs.get().arguments).preference == ChosenPreference(person_sd=0, clip_sd=0)


@pytest.mark.parametrize(
    "wrong",
    [{"people": "0"}, {"people": "501"}, {"leave": "100"}, {"share-0": ""}, {"share-0": "99"}, {"seed": "x"}],
)
def test_what_cannot_be_is_refused_at_its_field(client: Client, wrong: dict[str, str]) -> None:
    study = make_study(clips=1)
    reply = page(client, study, FORM | FACTOR | wrong)
    assert reply.status_code == 400
    assert reply.context["form"].errors.keys() == wrong.keys()
    assert not Job.objects.exists()


def test_a_rehearsal_is_told_and_nothing_of_conditions_while_its_study_runs(client: Client) -> None:
    study = make_study(clips=1)
    copy = copy_of(study)
    text = page(client, study).content.decode()
    assert "found 0.80 (95 % interval 0.31 to 1.29). The interval holds what was chosen." in text
    assert reverse("study_results", args=[copy.slug]) in text
    open_with_images(study)
    text = page(client, study).content.decode()
    assert "11 of 12" in " ".join(text.split())
    assert "0.31" not in text
    assert "Redefined" not in text
    assert reverse("study_results", args=[copy.slug]) not in text
    assert client.get(reverse("study_result_file", args=[copy.slug, "ballots.csv"])).status_code in (302, 404)
    described = client.get(reverse("study_describe", args=[copy.slug])).content.decode()
    assert "Condition" in described
    assert "Original tags" not in described


def test_who_works_on_the_study_works_on_its_rehearsals_and_nobody_else(client: Client) -> None:
    study = make_study(clips=1)
    copy = copy_of(study)
    overview = reverse("study_overview", args=[copy.slug])
    editor, runner, stranger = UserFactory(), UserFactory(), UserFactory()
    study.memberships.create(user=editor, role=Role.EDITOR)
    study.memberships.create(user=runner, role=Role.RUNNER)
    for user, status in ((editor, 200), (runner, 200), (stranger, 404)):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(overview).status_code == status
    client.force_login(runner, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("rehearsal_remove", args=[study.slug, copy.pk])).status_code == 403
    assert "study_list" not in overview
    client.force_login(editor, backend="django.contrib.auth.backends.ModelBackend")
    listed = client.get(reverse("study_list")).content.decode()
    assert study.title in listed
    assert copy.title not in listed
    copied = client.post(reverse("study_copy", args=[copy.slug]))
    assert (copied.status_code, Study.objects.count()) == (302, 2)
    assert copy not in client.get(reverse("study_create")).context["copies"]
    copied = client.post(reverse("study_create"), {"copy": copy.slug}, follow=True)
    assert "This is a rehearsal. Copy the study that it rehearses" in copied.content.decode()
    assert Study.objects.count() == 2
    offer_ownership(study, editor, actor=study.owner)
    accept_ownership(study, actor=editor)
    copy.refresh_from_db()
    assert copy.owner == editor


def test_removed_in_one_click_and_deleted_with_its_draft(client: Client) -> None:
    study = make_study(clips=1)
    copy, other = copy_of(study), copy_of(study)
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    stranger = make_study(clips=1)
    assert client.post(reverse("rehearsal_remove", args=[study.slug, stranger.pk])).status_code == 404
    reply = client.post(reverse("rehearsal_remove", args=[study.slug, copy.pk]), follow=True)
    assert "The rehearsal is removed" in reply.content.decode()
    assert set(Study.objects.all()) == {study, other, stranger}
    delete_draft(study, actor=study.owner)
    assert list(Study.objects.all()) == [stranger]


def test_the_page_asks_as_much_for_many_rehearsals(client: Client, django_assert_num_queries: Any) -> None:
    study = make_study(clips=1)
    copy_of(study)
    page(client, study)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        client.get(reverse("study_rehearse", args=[study.slug]))
    for _more in range(4):
        copy_of(study)
    with django_assert_num_queries(len(one)):
        client.get(reverse("study_rehearse", args=[study.slug]))


def test_what_keeps_a_draft_from_being_rehearsed_is_said_before_a_form(client: Client) -> None:
    shown = page(client, StudyFactory()).content.decode()
    assert "It cannot be rehearsed yet:" in shown
    assert 'name="people"' not in shown
