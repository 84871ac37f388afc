"""The pages: who may see them, what they do, what they ask of the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from study.models import Clip, Study
from study.models.log import record
from study.setup.sharing import share_study
from tests.factories import PASSWORD, make_open_study, make_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]

PAGES = [
    "study_overview",
    "study_describe",
    "study_clips",
    "study_tags",
    "study_plan",
    "study_questions",
    "study_instrument",
    "instrument_yaml",
    "study_preview",
    "study_open",
    "study_schedule",
    "study_deleted",
    "study_monitor",
    "study_stages",
    "study_versions",
    "study_participants",
    "study_payment",
    "study_links",
    "study_recruit",
    "study_members",
    "study_log",
    "study_delete",
    "tags_template",
]


@pytest.mark.parametrize("name", PAGES)
def test_owner_and_teammate_see_a_page_and_others_do_not(
    name: str, draft: Study, owner: Any, teammate: Any, stranger: Any, as_user: SignIn, client: Client
) -> None:
    url = reverse(name, args=[draft.slug])
    assert as_user(owner).get(url).status_code == 200
    assert as_user(teammate).get(url).status_code == (403 if name == "study_delete" else 200)
    assert as_user(stranger).get(url).status_code == 404
    assert client.get(url).status_code == 302
    assert client.get(url).url.startswith(reverse("sign_in"))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("study_move", ["close"]),
        ("study_copy", []),
        ("study_archive", []),
        ("study_preview_start", []),
        ("questions_change", ["before"]),
        ("instrument_change", []),
        ("member_remove", [1]),
        ("clip_tags", [1]),
        ("tags_preview", []),
        ("clip_change", [1, "delete"]),
        ("clips_change", []),
        ("problem_resolve", [1]),
    ],
)
def test_requests_of_a_stranger_are_answered_with_404(
    name: str, args: list, draft: Study, stranger: Any, as_user: SignIn
) -> None:
    assert as_user(stranger).post(reverse(name, args=[draft.slug, *args])).status_code == 404
    assert as_user(draft.owner).get(reverse(name, args=[draft.slug, *args])).status_code == 405


def test_the_list_shows_own_and_shared_studies_only(
    draft: Study, teammate: Any, stranger: Any, as_user: SignIn
) -> None:
    assert "Rock and piano" in as_user(teammate).get(reverse("study_list")).text
    page = as_user(stranger).get(reverse("study_list")).text
    assert "Rock and piano" not in page
    assert "No study yet" in page


def test_the_list_needs_as_many_queries_for_many_studies(
    owner: Any, as_user: SignIn, django_assert_num_queries: Any
) -> None:
    browser = as_user(owner)
    for _ in range(2):
        make_study(clips=1, owner=owner)
    with django_assert_num_queries(4):  # one of them looks for work that waits without a worker
        browser.get(reverse("study_list"))
    for _ in range(5):
        make_study(clips=1, owner=owner)
    with django_assert_num_queries(4):  # one of them looks for work that waits without a worker
        browser.get(reverse("study_list"))


def add_plain_clips(study: Study, count: int) -> None:
    start = study.clips.count() + 1
    for number in range(start, start + count):
        Clip.objects.create(
            study=study,
            number=number,
            name=f"{number}.wav",
            audio="x.wav",
            audio_digest=str(number),
            duration=2,
            sample_rate=16000,
            imported_tags=["piano"],
        )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_as_many_queries_for_forty_clips_as_for_three(name: str, draft: Study, as_user: SignIn) -> None:
    browser, url = as_user(draft.owner), reverse(name, args=[draft.slug])
    record(draft, "described")  # the first entry of a log takes more queries than each later one
    counts = []
    for more in (3, 37):
        add_plain_clips(draft, more)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 32


def test_a_study_is_created_with_the_preset(owner: Any, as_user: SignIn) -> None:
    answer = as_user(owner).post(reverse("study_create"), {"title": "New", "design": "preset"})
    study = Study.objects.get(title="New")
    assert answer.url == reverse("study_describe", args=[study.slug])
    assert [row.key for row in study.conditions.all()] == [
        "redefined_tags",
        "redefined_sentence",
        "original_tags",
        "original_sentence",
    ]


def test_a_study_is_created_with_own_conditions(owner: Any, as_user: SignIn) -> None:
    as_user(owner).post(
        reverse("study_create"),
        {
            "title": "Painters",
            "design": "own",
            "label_1": "Model one",
            "levels_1": "size=small; kind=a",
            "label_2": "모델",
            "key_2": "model_two",
            "label_4": "Model three",
        },
    )
    rows = Study.objects.get(title="Painters").conditions.all()
    assert [(row.number, row.key, row.label) for row in rows] == [
        (1, "model_one", "Model one"),
        (2, "model_two", "모델"),
        (3, "model_three", "Model three"),
    ]
    assert rows[0].levels == {"size": "small", "kind": "a"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label_1": "Only one"}, "Name at least two conditions."),
        ({"label_1": "One", "label_2": "One"}, "The key “one” is taken."),
        ({"label_1": "One", "key_2": "two"}, "Give this condition a name"),
        ({"label_1": "하나", "label_2": "Two"}, "Write a key of Latin letters"),
        ({"label_1": "One", "levels_1": "small", "label_2": "Two"}, "property=value"),
        ({"title": ""}, "This field is required."),
    ],
)
def test_a_new_study_with_faults_is_refused_with_the_reason(
    fields: dict[str, str], said: str, owner: Any, as_user: SignIn
) -> None:
    answer = as_user(owner).post(reverse("study_create"), {"title": "T", "design": "own"} | fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert not Study.objects.exists()


def test_own_texts_are_kept_and_shipped_ones_are_not_copied(draft: Study, as_user: SignIn) -> None:
    url = reverse("study_describe", args=[draft.slug])
    browser = as_user(draft.owner)
    form = browser.get(url).context["form"]
    fields = {name: form[name].value() for name in form.fields}
    assert browser.post(url, fields | {"question_ko": "어느 그림입니까?"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.question, draft.consent_text, draft.consent_version) == ({"ko": "어느 그림입니까?"}, {}, 1)
    browser.post(url, fields | {"consent_text_en": "I agree."})
    draft.refresh_from_db()
    assert (draft.question, draft.consent_text, draft.consent_version) == ({}, {"en": "I agree."}, 2)


def test_conditions_with_images_cannot_be_replaced_but_renamed(owner: Any, as_user: SignIn) -> None:
    study = make_study(clips=1, conditions=2, owner=owner)
    url = reverse("study_describe", args=[study.slug])
    rows = {
        "design": "own",
        "label_1": "New name",
        "key_1": "painter_a",
        "label_2": "Painter b",
        "key_2": "painter_b",
    }
    as_user(owner).post(url, rows)
    assert study.conditions.first().label == "New name"
    page = as_user(owner).post(url, {"design": "preset"}, follow=True)
    assert "There are images for the present conditions already" in page.text
    assert study.conditions.count() == 2


def test_sharing_by_name_and_ending_it(draft: Study, owner: Any, teammate: Any, stranger: Any, as_user: SignIn) -> None:
    url = reverse("study_members", args=[draft.slug])
    reader = {"role": "reader"}
    assert "There is no account" in as_user(owner).post(url, reader | {"name": "nobody"}, follow=True).text
    assert "works on this study already" in as_user(owner).post(url, reader | {"name": "teammate"}, follow=True).text
    assert as_user(teammate).post(url, reader | {"name": "stranger"}).status_code == 403
    as_user(owner).post(url, reader | {"name": "stranger"})
    assert as_user(stranger).get(url).status_code == 200
    remove = reverse("member_remove", args=[draft.slug, stranger.pk])
    assert "Only the owner shares a study" in as_user(teammate).post(remove).text
    as_user(owner).post(remove)
    assert as_user(stranger).get(url).status_code == 404
    as_user(teammate).post(reverse("member_remove", args=[draft.slug, teammate.pk]))
    assert not draft.members.exists()


def test_a_draft_is_deleted_by_its_owner_after_typing_its_title(
    draft: Study, owner: Any, teammate: Any, as_user: SignIn
) -> None:
    url = reverse("study_delete", args=[draft.slug])
    assert as_user(owner).post(url, {"title": "rock"}).status_code == 400
    assert "Only the owner" in as_user(teammate).post(url, {"title": draft.title}).text
    assert as_user(owner).post(url, {"title": draft.title}).status_code == 302
    assert not Study.objects.exists()


def test_a_draft_with_pilots_can_be_deleted_and_an_open_study_not(owner: Any, as_user: SignIn) -> None:
    draft, running = make_study(clips=1, owner=owner), make_open_study(clips=1, owner=owner)
    browser = as_user(owner)
    path = browser.post(reverse("study_preview_start", args=[draft.slug])).url
    browser.get(path)
    for study in (draft, running):
        browser.post(reverse("study_delete", args=[study.slug]), {"title": study.title})
    assert list(Study.objects.all()) == [running]


def test_a_closed_study_is_archived_and_brought_back(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner, title="Old one")
    browser, url = as_user(owner), reverse("study_archive", args=[study.slug])
    browser.post(url)
    assert not browser.get(reverse("study_list")).context["archived"]
    Study.objects.update(status="closed", closed_at=timezone.now())
    browser.post(url)
    assert browser.get(reverse("study_list")).context["archived"] == [study]
    browser.post(url, {"restore": "1"})
    assert not browser.get(reverse("study_list")).context["archived"]


def test_the_overview_names_one_thing_to_do(draft: Study, as_user: SignIn) -> None:
    page = as_user(draft.owner).get(reverse("study_overview", args=[draft.slug])).text
    assert "Go on with: Clips" in page
    assert page.count("button primary") == 1
    assert "study is open" not in page


def test_signing_in_leads_to_the_studies(owner: Any, client: Client) -> None:
    answer = client.post(reverse("sign_in"), {"username": "owner", "password": PASSWORD}, follow=True)
    assert "No study yet" in answer.text


def test_a_missing_page_looks_like_the_other_pages(client: Client) -> None:
    answer = client.get("/console/nothing/here/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_sharing_is_in_the_log(draft: Study, owner: Any, stranger: Any) -> None:
    share_study(draft, "stranger", actor=owner)
    assert draft.log.get(action="shared").data == {"member": "stranger", "role": "editor"}
