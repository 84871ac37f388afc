"""The pages of generation and review: what a researcher sees, may do, and must not see while the study is sealed."""

import re

import pytest
from django.urls import reverse

from generation.console.clip_views import image_key
from generation.models import ClipStep, TagDecision
from generation.runs import execution, lifecycle, reviewing
from generation.runs.progress import undecided
from generation.runs.review_state import review_of
from generation.settings_model import settings_of
from study.models import Stimulus, Study
from study.models.log import record
from study.setup import preflight
from study.setup.clip_selection import UNCHANGED, exclude_clip
from study.setup.path_steps import Progress, progress_of, step_named
from tests.generation.studies import add_clips

PAGES = (
    *("generation_run", "generation_live", "generation_settings", "generation_review", "generation_decide"),
    "generation_tags",
)
CONTESTED = ("female vocal", "no vocals", "guitar", "electric guitar", "slow")


@pytest.fixture
def painted(study):
    add_clips(study, 1, tags=CONTESTED)
    lifecycle.start_run(study)
    execution.run_pending(study)
    return study


def page(client, name, *args):
    return client.get(reverse(name, args=args)).content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_strangers_find_nothing(name, study, django_user_model, client):
    client.force_login(django_user_model.objects.create_user("stranger"))
    assert client.get(reverse(name, args=[study.slug])).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_pages_work_before_anything_was_made(name, study, client):
    assert client.get(reverse(name, args=[study.slug])).status_code == 200


def test_starting_cancelling_and_progress(study, client):
    response = client.post(reverse("generation_start", args=[study.slug]), follow=True)
    assert "0 of 12 images" in response.content.decode()
    assert 'data-running="true"' in page(client, "generation_live", study.slug)
    assert 'http-equiv="refresh"' in page(client, "generation_run", study.slug)
    client.post(reverse("generation_cancel", args=[study.slug]))
    assert 'data-running="false"' in page(client, "generation_live", study.slug)
    assert study.generation_runs.get().state == "cancelled"


def test_the_run_page_shows_what_changed_in_the_tags(painted, client):
    text = page(client, "generation_run", painted.slug)
    assert "16 of 16 images" in text
    assert re.search(r"<del>classic</del>|<del>classical</del>", text)


def test_failures_are_listed_with_their_reason_and_tried_again(painted, client):
    ClipStep.objects.filter(clip__number=2, kind="paint").update(state="failed", error="clip2.wav: no paint left")
    assert "clip2.wav: no paint left" in page(client, "generation_run", painted.slug)
    client.post(reverse("generation_retry", args=[painted.slug]))
    execution.run_pending(painted)
    assert not ClipStep.objects.filter(state="failed").exists()


def test_images_are_served_to_the_studys_people_only(painted, client, django_user_model):
    stimulus = Stimulus.objects.first()
    address = reverse("generation_image", args=[painted.slug, stimulus.clip.number, image_key(stimulus), "full"])
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert b"".join(response.streaming_content)[1:4] == b"PNG"
    client.force_login(django_user_model.objects.create_user("stranger"))
    assert client.get(address).status_code == 404


def test_audio_can_be_sought(painted, client):
    address = reverse("generation_audio", args=[painted.slug, 1])
    whole = b"".join(client.get(address).streaming_content)
    part = client.get(address, headers={"Range": "bytes=3-6"})
    assert (part.status_code, part.getvalue()) == (206, whole[3:7])
    assert part["Content-Range"] == f"bytes 3-6/{len(whole)}"
    assert client.get(address, headers={"Range": "bytes=-4"}).getvalue() == whole[-4:]
    assert client.get(address, headers={"Range": "bytes=9999-"}).status_code == 416


def test_a_sealed_study_shows_images_without_a_word_on_how_they_were_made(painted, client):
    draft = page(client, "generation_review", painted.slug)
    words = {"Redefined tags", "Original sentence", "classical, piano"}
    assert {word for word in words if word in draft} >= {"Redefined tags", "Original sentence"}
    Study.objects.filter(pk=painted.pk).update(status="open")
    for name, args in (("generation_review", ()), ("generation_run", ()), ("generation_clip", (1,))):
        text = page(client, name, painted.slug, *args)
        assert "<img" in text
        for revealing in (
            "Redefined",
            "Original",
            "piano",
            "classic",
            "redefined_",
            "original_",
            "provenance",
            "seed",
        ):
            assert revealing not in text, (name, revealing)
    assert client.get(reverse("generation_decide", args=[painted.slug])).status_code == 404
    assert client.get(reverse("generation_tags", args=[painted.slug])).status_code == 404


def test_while_sealed_the_order_of_images_follows_no_condition(painted, client):
    add_clips(painted, 9)
    lifecycle.start_run(painted)
    execution.run_pending(painted)
    Study.objects.filter(pk=painted.pk).update(status="open")
    orders = set()
    for clip in painted.clips.all():
        keys = {image_key(stimulus): stimulus.condition.key for stimulus in clip.stimuli.all()}
        shown = re.findall(r"/image/([0-9a-f]{24})/preview", page(client, "generation_clip", painted.slug, clip.number))
        assert set(shown) == set(keys)
        orders.add(tuple(keys[key] for key in shown))
    assert len(orders) > 3


def test_deciding_a_contested_tag_changes_the_next_run(painted, client):
    step = ClipStep.objects.get(clip__number=4, kind="redefine")
    assert step.result["contested"], "the tags of this clip contradict each other"
    kept = step.result["contested"][0]["kept"][0]
    text = page(client, "generation_decide", painted.slug)
    assert f"decide-4-{kept}" in text
    client.post(
        reverse("generation_decide", args=[painted.slug]),
        {f"decide-4-{kept}": "remove", "decide-4-guitar": "remove"},
    )
    assert list(TagDecision.objects.values_list("tag", "choice")) == [(kept, "remove")]
    lifecycle.start_run(painted)
    execution.run_pending(painted)
    step.refresh_from_db()
    assert kept not in step.result["corrected"]
    assert "guitar" in " ".join(step.result["corrected"])


def test_preflight_reports_contested_tags_and_sketches(painted):
    Stimulus.objects.update(painter="sketch")
    said = " ".join(finding.message for finding in preflight.run(painted))
    assert "doubtful tag" in said
    assert "sketches" in said
    review = step_named("review")
    assert review is not None
    assert progress_of(review, painted) is Progress.PARTLY  # all images are there, tags are left to decide
    for clip_id, tag in undecided(painted):
        TagDecision.objects.create(clip_id=clip_id, tag=tag, choice="keep")
    assert progress_of(review, painted) is Progress.PARTLY  # and nobody has approved the images
    reviewing.approve(painted, {row.number: row.seen for row in review_of(painted).rows})
    assert progress_of(review, painted) is Progress.DONE
    assert not [f for f in preflight.run(painted) if f.level is preflight.Level.BLOCKS]


def test_a_study_cannot_open_while_images_are_made(painted):
    lifecycle.repaint(painted.clips.first(), reason="other", note="too dark")
    blocking = [f.message for f in preflight.run(painted) if f.level is preflight.Level.BLOCKS]
    assert any("still being made" in message for message in blocking)


def form_data(client, study, **changes):
    form = client.get(reverse("generation_settings", args=[study.slug])).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value is not None and value is not False:
            data[field.html_name] = value
    return data | changes


def test_settings_are_saved_and_logged(study, client):
    data = form_data(client, study, tag_limit="7", painter="sketch", **{"painter-sketch-size": "256"})
    response = client.post(reverse("generation_settings", args=[study.slug]), data)
    assert response.status_code == 302
    assert (settings_of(study).tag_limit, settings_of(study).painter.size) == (7, 256)
    assert study.log.filter(action="generation settings changed").exists()


def test_settings_sent_while_a_run_is_at_work_are_refused_and_shown_again(study, client):
    data = form_data(client, study, tag_limit="7")
    lifecycle.start_run(study)
    refused = client.post(reverse("generation_settings", args=[study.slug]), data)
    assert refused.status_code == 409
    assert "Nothing was saved" in refused.text
    assert refused.context["form"].non_field_errors()[0].startswith("A run is in progress.")
    assert refused.context["form"]["tag_limit"].value() == "7"
    assert settings_of(study).tag_limit != 7


def test_an_error_in_the_settings_is_shown_beside_its_field(study, client):
    data = form_data(client, study, painter="diffusers", **{"painter-diffusers-model": "owner/name"})
    response = client.post(reverse("generation_settings", args=[study.slug]), data)
    assert response.status_code == 422
    assert "revision" in response.content.decode()
    data = form_data(client, study, writer="openai")
    response = client.post(reverse("generation_settings", args=[study.slug]), data)
    assert response.context["form"].errors["writer-openai-model"]


def with_model(client, study, folder, **options):
    """Send the settings with a diffusion model."""
    chosen = {"model": str(folder), "size": 64, "device": "cpu"} | options
    fields = {f"painter-diffusers-{name}": str(value) for name, value in chosen.items()}
    data = form_data(client, study, painter="diffusers", **fields)
    return client.post(reverse("generation_settings", args=[study.slug]), data)


@pytest.mark.parametrize(
    ("name", "options", "setting", "message"),
    [
        ("flux-schnell", {"guidance": 3}, "guidance", "has no guidance: set the guidance to 0"),
        ("flux-schnell", {"guidance": 0, "negative_prompt": "x"}, "negative_prompt", "takes no negative prompt"),
        ("sana", {"scheduler": "euler"}, "scheduler", "works only with the scheduler it comes with"),
        ("lcm", {"scheduler": "euler"}, "scheduler", "works only with the schedulers"),
        ("sana", {"size": 72}, "size", "multiples of 32"),
        ("cascade", {}, "model", "can no longer load its decoder"),
        ("sd", {"guidance": 0.5}, "guidance", "has no effect on"),
    ],
)
def test_a_setting_that_the_model_does_not_take_is_refused_beside_its_field(
    study, client, tiny_family, name, options, setting, message
):
    before = settings_of(study)
    response = with_model(client, study, tiny_family(name), **options)
    assert response.status_code == 422
    assert message in " ".join(response.context["form"].errors[f"painter-diffusers-{setting}"])
    assert settings_of(study) == before


def test_the_settings_say_what_the_model_takes_once_it_is_known(study, client, tiny_family, tmp_path):
    url = reverse("generation_settings", args=[study.slug])
    assert with_model(client, study, tmp_path / "later").status_code == 302
    assert "once it is saved and its files are on this machine" in client.get(url).content.decode()
    assert with_model(client, study, tiny_family("flux-schnell"), guidance=0).status_code == 302
    page = client.get(url).content.decode()
    assert "Flux: It has no guidance: set 0. It takes no negative prompt. Its sizes are multiples of 16." in page
    page = client.get(url, headers={"Accept-Language": "ko"}).content.decode()
    assert "Flux: " in page
    assert "It has no guidance" not in page


def test_adapters_are_typed_one_a_line_and_a_wrong_line_is_named_beside_the_field(study, client):
    painter = {"painter-diffusers-model": "./model", "painter-diffusers-images_at_once": "2"}
    lines = {"painter-diffusers-adapters": "./a.safetensors 0.5\r\n\r\n./b.safetensors"}
    response = client.post(
        reverse("generation_settings", args=[study.slug]),
        form_data(client, study, painter="diffusers", **painter, **lines),
    )
    assert response.status_code == 302
    saved = settings_of(study).painter
    assert (saved.adapters, saved.images_at_once) == ("./a.safetensors 0.5\n./b.safetensors", 2)
    lines = {"painter-diffusers-adapters": "./a.safetensors 0"}
    response = client.post(
        reverse("generation_settings", args=[study.slug]),
        form_data(client, study, painter="diffusers", **painter, **lines),
    )
    assert "weight 0 changes nothing" in response.context["form"].errors["painter-diffusers-adapters"][0]


def test_no_page_can_name_the_environment_variable_of_a_key(study, client):
    data = form_data(
        client,
        study,
        writer="openai",
        **{"writer-openai-model": "m", "writer-openai-key_variable": "EARSIGHT_SECRET_KEY"},
    )
    client.post(reverse("generation_settings", args=[study.slug]), data)
    assert settings_of(study).writer.key_variable == "OPENAI_API_KEY"


def test_seed_and_temperature_of_a_language_model_can_be_switched_off(study, client):
    url = reverse("generation_settings", args=[study.slug])
    client.post(url, form_data(client, study, writer="openai", **{"writer-openai-model": "m"}))
    assert (settings_of(study).writer.send_seed, settings_of(study).writer.temperature) == (True, 0.7)
    data = form_data(client, study, **{"writer-openai-temperature": ""})
    del data["writer-openai-send_seed"]  # as a browser sends a box that is not ticked
    client.post(url, data)
    assert (settings_of(study).writer.send_seed, settings_of(study).writer.temperature) == (False, None)
    assert client.get(url).context["form"]["writer-openai-temperature"].value() is None


def test_settings_of_an_open_study_stay(study, client):
    Study.objects.filter(pk=study.pk).update(status="open")
    before = settings_of(study)
    client.post(reverse("generation_settings", args=[study.slug]), {"tag_limit": "3"})
    assert settings_of(study) == before


def test_leaving_a_clip_out_needs_a_reason_and_can_be_undone(painted, client):
    address = reverse("generation_leave_out", args=[painted.slug, 1])
    sent = {"seen": review_of(painted).rows[0].seen}
    client.post(address, sent | {"reason": ""})
    assert painted.clips.get(number=1).included
    client.post(address, sent | {"reason": "skips"})
    assert painted.clips.get(number=1).exclusion_reason == "skips"
    client.post(reverse("generation_take_in", args=[painted.slug, 1]))
    assert painted.clips.get(number=1).included


@pytest.mark.parametrize("keeps_unchanged", [False, True])
@pytest.mark.parametrize("room", ["study_clips", "generation_review"])
def test_no_page_takes_back_an_unchanged_clip_unless_the_study_keeps_such_clips(study, client, room, keeps_unchanged):
    clip = study.clips.get(number=1)
    study.clips.filter(pk=clip.pk).update(included=False, exclusion_reason=UNCHANGED)
    study.include_unchanged_clips = keeps_unchanged
    study.save()
    addresses = {
        "study_clips": reverse("clip_change", args=[study.slug, clip.pk, "include"]),
        "generation_review": reverse("generation_take_in", args=[study.slug, clip.number]),
    }
    shown = client.post(addresses[room], follow=True).content.decode()
    clip.refresh_from_db()
    assert clip.included == keeps_unchanged
    assert ("Redefinition changes nothing in this clip" in shown) != keeps_unchanged
    assert study.log.filter(action="clip taken back in", data__clip=clip.name).exists() == keeps_unchanged


def test_the_log_names_clips_and_reads_old_entries_that_hold_a_number(study, client):
    clip = study.clips.get(number=1)
    exclude_clip(clip, reason="skips")
    record(study, "repainted", reason="pale", clip=2)
    shown = page(client, "study_log", study.slug)
    assert clip.name in shown
    assert "clip 2" in shown
