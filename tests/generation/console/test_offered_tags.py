"""If people and detectors disagree, the researcher can choose the detectors' tag, which nobody gave."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertInHTML

from generation.console.clip_views import clip_views
from generation.console.tag_overview import tag_overview
from generation.models import ClipStep, TagDecision
from generation.redefinition import VoiceThresholds, load_rules, redefine
from generation.redefinition.decisions import apply_decisions, contested_tags
from generation.runs import execution, lifecycle
from generation.settings_model import GenerationSettings, store_settings
from tests.generation.studies import SMALL, add_clips

CURATED = load_rules("curated")


def test_the_detectors_tag_is_offered_and_used_only_if_chosen():
    found = redefine(["no vocals", "rock"], CURATED, voice_share=0.9)
    contested = found.as_dict()["contested"]
    assert contested_tags(contested) == {"vocal": False, "no vocal": True}
    assert set(apply_decisions(found.tags, contested, {})) == {"no vocal", "rock"}
    sided = apply_decisions(found.tags, contested, {"vocal": "keep", "no vocal": "remove"})
    assert set(sided) == {"vocal", "rock"}


def test_a_tag_is_contested_together_with_those_that_imply_it():
    found = redefine(["female", "rock"], CURATED, voice_share=0.0)
    contested = found.as_dict()["contested"]
    assert contested_tags(contested) == {"no vocal": False, "female": True, "vocal": True}
    decisions = {"female": "remove", "vocal": "remove", "no vocal": "keep"}
    assert set(apply_decisions(found.tags, contested, decisions)) == {"no vocal", "rock"}


@pytest.fixture
def disputed(study):
    """A study with a clip that people tagged as without voice; the fake detector finds voice in a fifth of it."""
    store_settings(study, GenerationSettings(painter=SMALL, thresholds=VoiceThresholds(voice_at=0.1)))
    add_clips(study, 1, tags=("no vocals", "guitar", "electric guitar", "slow"))
    lifecycle.start_run(study)
    execution.run_pending(study)
    return study


def test_the_page_offers_the_detectors_tag_and_the_next_run_uses_it(disputed, client, owner):
    client.force_login(owner)
    address = reverse("generation_decide", args=[disputed.slug])
    text = client.get(address).content.decode()
    assert " checked" not in text  # saving an untouched form decides nothing
    assert text.count("kept until you decide") == text.count("left out until you decide") == 1
    client.post(address, {"decide-4-vocal": "keep", "decide-4-no vocal": "remove"})
    lifecycle.start_run(disputed)
    execution.run_pending(disputed)
    corrected = ClipStep.objects.get(clip__study=disputed, clip__number=4, kind="redefine").result["corrected"]
    assert "vocal" in corrected
    assert "no vocal" not in corrected
    text = client.get(address + "?show=all").content.decode()
    assertInHTML('<input type="radio" name="decide-4-vocal" value="keep" checked>', text)
    assertInHTML('<input type="radio" name="decide-4-no vocal" value="remove" checked>', text)
    assert "kept until you decide" not in text


def test_saving_decides_only_what_was_chosen(disputed, client, owner):
    client.force_login(owner)
    client.post(reverse("generation_decide", args=[disputed.slug]), {"decide-4-vocal": "keep"})
    assert list(TagDecision.objects.values_list("tag", "choice")) == [("vocal", "keep")]


def test_every_contested_tag_shows_the_taggers_probability(disputed, client, owner):
    client.force_login(owner)
    text = client.get(reverse("generation_decide", args=[disputed.slug])).content.decode()
    [view] = clip_views(disputed.clips.filter(number=4), disputed)
    [contest] = view.contested
    heard = {entry["tag"]: entry["probability"] for entry in contest["tags"]}
    assert heard["vocal"] == view._result("listen")["tags"]["probabilities"]["vocal"]
    assert f"tagger: {heard['vocal'] * 100:.0f} %" in text
    assert view.contests_a_voice
    assert "/audio/#t=0.50" in text  # the player starts where the detector was surest


def test_before_and_after_for_the_whole_study(disputed, client, owner):
    overview = tag_overview(disputed)
    assert overview.clips == disputed.clips.count()
    assert (overview.contested, overview.undecided) == (1, 2)
    counts = {count.tag: (count.before, count.after) for count in overview.tags}
    assert counts["no vocals"] == (1, 0)
    assert counts["no vocal"] == (0, 1)
    assert any(rule.startswith("one word for one thing: merges: no vocal") for rule, _ in overview.rules)
    client.force_login(owner)
    text = client.get(reverse("generation_tags", args=[disputed.slug])).content.decode()
    assert "2 tags to decide" in text
    assert "<del>no vocals</del>" in text
