"""A copied study brings what its images were made from, and starts no work by itself."""

import pytest

from generation.console.clip_views import clip_views
from generation.models import ClipStep, GenerationRun
from generation.runs import lifecycle
from generation.runs.execution import run_pending
from generation.settings_model import GenerationSettings, settings_of, store_settings
from study.models import Clip
from study.setup.copying import copy_study
from tests.generation.studies import SMALL, owned_files, stored_files

pytestmark = pytest.mark.django_db


def test_a_copy_shows_what_changed_in_the_tags_and_keeps_the_settings(study, owner):
    store_settings(study, GenerationSettings(painter=SMALL, tag_limit=7))
    lifecycle.start_run(study, actor=owner, wake=False)
    run_pending(study)
    lifecycle.decide_tags(study.clips.first(), {"piano": "keep"}, actor=owner)
    before = [[(chip.text, chip.style) for chip in view.chips] for view in clip_views(study.clips.all(), study)]
    assert any(style == "removed" for chips in before for _text, style in chips)

    copy = copy_study(study, title="Copy", owner=owner)

    after = [[(chip.text, chip.style) for chip in view.chips] for view in clip_views(copy.clips.all(), copy)]
    assert after == before
    assert [view.state[1] for view in clip_views(copy.clips.all(), copy)] == ["ready"] * 3
    assert settings_of(copy).tag_limit == 7
    assert copy.clips.first().tag_decisions.get().tag == "piano"
    assert not copy.generation_runs.filter(state=GenerationRun.State.RUNNING).exists()


def test_a_copy_made_during_a_run_has_no_running_run(study, owner):
    lifecycle.start_run(study, actor=owner, wake=False)
    copy = copy_study(study, title="Copy", owner=owner)
    assert copy.generation_runs.get().state == GenerationRun.State.CANCELLED
    assert not ClipStep.objects.filter(clip__study=copy, state__in=ClipStep.UNFINISHED).exists()
    lifecycle.start_run(copy, actor=owner, wake=False)
    run_pending(copy)
    assert copy.generation_runs.last().state == GenerationRun.State.DONE


def test_painting_a_copy_again_leaves_the_first_study_its_files(study, owner):
    lifecycle.start_run(study, actor=owner, wake=False)
    run_pending(study)
    copy = copy_study(study, title="Copy", owner=owner)
    shared = owned_files(study)
    assert owned_files(copy) == shared

    for clip in copy.clips.all():
        lifecycle.repaint(clip, reason="other", note="darker ones", actor=owner, wake=False)
    run_pending(copy)

    assert not owned_files(copy) & {name for clip in study.clips.all() for name in image_names(clip)}
    assert shared <= stored_files()
    # What neither study has any more does go.
    replaced = owned_files(copy)
    lifecycle.repaint(copy.clips.first(), reason="other", note="lighter again", actor=owner, wake=False)
    run_pending(copy)
    assert len(stored_files() & replaced) == len(replaced) - 2 * 4
    assert shared <= stored_files()


def image_names(clip: Clip) -> set[str]:
    return {name for row in clip.stimuli.all() for name in (row.image.name, row.preview.name)}
