"""Runs in one process: what is made, what is made again, what is refused."""

import pytest

from generation.errors import NotPossibleNow, RunStopped, StepFailed
from generation.models import ClipStep, LooseFile
from generation.painting.provenance import Provenance
from generation.painting.seeds import seed_sequence
from generation.runs import execution, lifecycle, orphan_files
from generation.runs.steps import by_kind, listen, redefine
from generation.settings_model import GenerationSettings, store_settings
from study.models import Clip, Stimulus, Study
from study.setup import preflight
from study.setup.clip_editing import trim_clip
from study.setup.clip_files import files_of
from study.setup.clip_selection import UNCHANGED, delete_clip
from study.setup.copying import copy_study
from study.setup.lifecycle import create_study
from study.setup.trash import restore_in_study
from tests.generation.studies import SMALL, add_clips, generate, owned_files, stored_files

State = ClipStep.State


def pictures(study: Study) -> dict:
    return {
        (s.clip.number, s.condition.key): (s.image.name, s.image_digest, s.painted_at)
        for s in Stimulus.objects.filter(clip__study=study)
    }


def test_every_clip_gets_its_images_and_its_survey_audio(study):
    run = generate(study)
    assert run.state == "done"
    assert Stimulus.objects.filter(clip__study=study, state="ready").count() == 12
    assert all(clip.survey_audio for clip in study.clips.all())
    assert stored_files() == owned_files(study)
    assert not LooseFile.objects.filter(lease_token="").exists()


def test_running_twice_changes_nothing(study):
    generate(study)
    before, files = pictures(study), stored_files()
    second = generate(study)
    assert second.state == "done"
    assert pictures(study) == before
    assert stored_files() == files


def test_performing_a_finished_step_again_changes_nothing(study):
    generate(study)
    before = pictures(study)
    for step in ClipStep.objects.all():
        assert execution.perform_step(step.pk) == "taken"
    assert pictures(study) == before


def test_a_changed_painter_paints_again_but_neither_listens_nor_writes(study, performed_kinds):
    generate(study)
    performed_kinds.clear()
    before = pictures(study)
    store_settings(study, GenerationSettings.model_validate({"painter": {"kind": "sketch", "size": 128}}))
    generate(study)
    assert set(performed_kinds) == {"paint"}
    assert all(new != old for new, old in zip(pictures(study).values(), before.values(), strict=True))
    assert stored_files() == owned_files(study)


def test_a_changed_rule_set_makes_again_only_what_it_changes(study, performed_kinds):
    generate(study)
    performed_kinds.clear()
    store_settings(study, GenerationSettings(tag_floor=0.2, painter=SMALL))
    generate(study)
    # The floor concerns predicted tags only: both sets come out the same, so nothing after them is made again.
    assert set(performed_kinds) == {"redefine"}


def test_a_trimmed_clip_is_listened_to_anew_and_the_others_are_not(study, performed_kinds):
    generate(study)
    clip, other = study.clips.first(), study.clips.last()
    old, kept = clip.survey_audio.name, other.survey_audio.name
    Clip.objects.filter(pk=clip.pk).update(duration=4.0)
    trim_clip(clip, (500, 2500))
    performed_kinds.clear()
    generate(study)
    clip.refresh_from_db()
    # Its probabilities put the imported tags in another order, so its images are painted again; those of no other clip.
    assert performed_kinds == ["listen", "redefine", "write", "paint"]
    assert clip.survey_audio.name not in ("", old)
    assert study.clips.get(pk=other.pk).survey_audio.name == kept
    step = ClipStep.objects.get(clip=clip, kind="listen")
    performed_kinds.clear()
    generate(study)
    assert "listen" not in performed_kinds, "the excerpt was heard already"
    trim_clip(clip, None)
    generate(study)
    assert ClipStep.objects.get(clip=clip, kind="listen").input_digest != step.input_digest


def test_what_was_heard_before_a_clip_was_trimmed_is_thrown_away(study, monkeypatch):
    Clip.objects.filter(study=study).update(duration=4.0)
    lifecycle.start_run(study)
    step = ClipStep.objects.filter(kind="listen").first()
    heard = listen.listen

    def trims_meanwhile(path, name, parts, settings, excerpt=None):
        if excerpt is None:
            trim_clip(Clip.objects.get(pk=step.clip_id), (0, 2000))
        return heard(path, name, parts, settings, excerpt)

    monkeypatch.setattr(listen, "listen", trims_meanwhile)
    assert execution.perform_step(step.pk, wake=False) == "done"
    assert not Clip.objects.get(pk=step.clip_id).survey_audio, "nobody hears the whole file"
    step.refresh_from_db()
    assert step.state == "waiting"
    assert execution.perform_step(step.pk, wake=False) == "done"
    step.refresh_from_db()
    assert step.state == "done"
    assert Clip.objects.get(pk=step.clip_id).survey_audio
    assert stored_files() == owned_files(study)


@pytest.mark.parametrize("ends", ["cancelled", "failed", "copied", "deleted and brought back"])
def test_images_of_the_whole_file_are_never_opened_with_an_excerpt(study, ends, monkeypatch):
    generate(study)
    Clip.objects.filter(study=study).update(duration=4.0)
    clip = study.clips.first()
    study.clips.exclude(pk=clip.pk).update(included=False, exclusion_reason="late")
    trim_clip(clip, (500, 2500))
    run = lifecycle.start_run(study)
    assert execution.perform_step(ClipStep.objects.get(clip=clip, kind="listen").pk) == "done"
    assert Clip.objects.get(pk=clip.pk).survey_audio, "it was heard; its images are of before"
    if ends == "failed":

        def fails(*args):
            raise StepFailed("no tags")

        monkeypatch.setattr(redefine, "run", fails)
        execution.run_pending(study)
        assert ClipStep.objects.get(clip=clip, kind="redefine").state == "failed"
    else:
        assert outdated(study) == [], "that images are being made blocks already"
        lifecycle.cancel_run(run)
    where = study
    if ends == "copied":
        where = copy_study(study, title="Copy", owner=study.owner)
    if ends == "deleted and brought back":
        restore_in_study(study, delete_clip(clip).pk)
    [found] = outdated(where)
    assert found.level is preflight.Level.BLOCKS
    assert "1 clip has images that may not be of its present sound and tags" in found.message


def test_finished_images_are_current(study):
    generate(study)
    assert outdated(study) == []
    Clip.objects.filter(study=study).update(duration=4.0)
    trim_clip(study.clips.first(), (500, 2500))
    generate(study)
    assert outdated(study) == []


def outdated(study: Study) -> list[preflight.Finding]:
    return [found for found in preflight.run(study) if "present sound" in found.message]


@pytest.mark.parametrize(
    ("chosen", "imported", "is_said"),
    [
        ({}, ["piano"], True),
        ({"tag_source": "predicted"}, ["piano"], False),
        ({}, [], False),
        ({"tag_source": "predicted", "tagger": {"kind": "imported", "file": "0" * 64}}, [], True),
    ],
)
def test_imported_tags_of_an_excerpt_are_said_to_be_the_whole_files(study, chosen, imported, is_said):
    store_settings(study, GenerationSettings.model_validate(chosen))
    Clip.objects.filter(study=study).update(imported_tags=imported, duration=4.0)

    def said() -> list[str]:
        return [found.message for found in preflight.run(study) if "those of the whole file" in found.message]

    assert not said()
    trim_clip(study.clips.first(), (500, 2500))
    assert [text.partition(",")[0] for text in said()] == ["1 trimmed clip has imported tags or predictions"] * is_said


def test_four_images_of_a_clip_share_one_seed_and_one_call(study):
    generate(study)
    for clip in study.clips.all():
        records = [Provenance.model_validate(stimulus.provenance) for stimulus in clip.stimuli.all()]
        assert len({(record.seed, record.batch) for record in records}) == 1
        assert sorted(record.prompt for record in records) == sorted(records[0].batch)
        for stimulus, record in zip(clip.stimuli.all(), records, strict=True):
            levels = {"tags": record.tag_set, "form": record.prompt_form}
            assert levels == stimulus.condition.levels
            assert record.picture_digest == stimulus.image_digest
            if record.prompt_form == "tags":
                tags = record.original_tags if record.tag_set == "original" else record.redefined_tags
                assert record.prompt == ", ".join(tags)


def test_repainting_takes_the_next_seed_for_all_four_and_logs_the_reason(study):
    generate(study)
    clip = study.clips.first()
    before = pictures(study)
    lifecycle.repaint(clip, reason="other", note="too dark")
    execution.run_pending(study)
    after = pictures(study)
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {key for key in before if key[0] == clip.number}
    sequence = seed_sequence(study.seed, clip.audio_digest, 2)
    assert {s.provenance["seed"] for s in clip.stimuli.all()} == {sequence[1]}
    entry = study.log.get(action="repainted")
    assert (entry.reason, entry.data["reason_key"], entry.data["seed_number"]) == ("too dark", "other", 1)
    assert stored_files() == owned_files(study)


def test_painting_a_copy_again_leaves_the_first_study_its_files(study, owner):
    generate(study)
    copy = copy_study(study, title="Again", owner=owner)
    run = generate(copy)
    assert run.state == "done"
    assert pictures(copy).values() != pictures(study).values()
    assert owned_files(study) | owned_files(copy) == stored_files()
    heard = {name for clip in study.clips.all() for name in (clip.audio.name, clip.survey_audio.name)}
    assert owned_files(study) & owned_files(copy) == heard  # made of the same sound, so not made again


def test_repainting_needs_a_reason(study):
    generate(study)
    with pytest.raises(NotPossibleNow, match="Give a reason"):
        lifecycle.repaint(study.clips.first(), reason="  ")


def test_two_runs_of_a_study_cannot_go_at_once(study):
    lifecycle.start_run(study)
    with pytest.raises(NotPossibleNow, match="running"):
        lifecycle.start_run(study)


def test_an_open_study_is_never_painted_again(study):
    generate(study)
    Study.objects.filter(pk=study.pk).update(status="open")
    with pytest.raises(NotPossibleNow, match="open"):
        lifecycle.start_run(study)
    with pytest.raises(NotPossibleNow, match="open"):
        lifecycle.repaint(study.clips.first(), reason="other", note="nicer")


def test_a_step_that_ends_after_the_study_opened_saves_nothing(study, monkeypatch):
    generate(study)
    before, files = pictures(study), stored_files()
    lifecycle.repaint(study.clips.first(), reason="other", note="too dark")

    def open_meanwhile(*args, run_step=by_kind.run_step):
        Study.objects.filter(pk=study.pk).update(status="open")
        return run_step(*args)

    monkeypatch.setattr(by_kind, "run_step", open_meanwhile)
    step = ClipStep.objects.get(state=State.WAITING)
    assert execution.perform_step(step.pk) == "stopped"
    assert pictures(study) == before
    assert stored_files() == files


def test_a_cancelled_run_begins_no_further_step_and_can_be_resumed(study):
    run = lifecycle.start_run(study)
    execution.perform_step(ClipStep.objects.filter(state=State.WAITING).first().pk)
    lifecycle.cancel_run(run)
    step = ClipStep.objects.filter(state=State.WAITING).first()
    assert execution.perform_step(step.pk) == "taken"
    generate(study)
    assert Stimulus.objects.filter(clip__study=study, state="ready").count() == 12


def test_a_step_that_runs_while_its_run_is_cancelled_is_left_to_the_next_run(study, monkeypatch):
    run = lifecycle.start_run(study)
    step = ClipStep.objects.filter(state=State.WAITING).first()

    def restarted_meanwhile(*args, run_step=by_kind.run_step):
        monkeypatch.setattr(by_kind, "run_step", run_step)
        lifecycle.cancel_run(run)
        store_settings(study, GenerationSettings.model_validate({"painter": {"kind": "sketch", "size": 128}}))
        lifecycle.start_run(study)
        return run_step(*args)

    monkeypatch.setattr(by_kind, "run_step", restarted_meanwhile)
    execution.perform_step(step.pk)
    run = execution.run_pending(study)
    assert (run.number, run.state) == (2, "done")
    assert Stimulus.objects.filter(clip__study=study, state="ready").count() == 12
    assert stored_files() == owned_files(study)


def test_a_failed_step_concerns_its_clip_alone_and_can_be_retried(study, monkeypatch):
    def refuse_the_second(context, *rest, run_step=by_kind.run_step):
        if context.step.kind == "paint" and context.clip.number == 2:
            raise StepFailed("clip2.wav: the painter would not")
        return run_step(context, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(by_kind, "run_step", refuse_the_second)
        run = generate(study)
    failed = ClipStep.objects.get(state=State.FAILED)
    assert (run.state, run.totals["failed"]) == ("done", 1)
    assert (failed.clip.number, failed.error) == (2, "clip2.wav: the painter would not")
    assert Stimulus.objects.filter(clip__study=study, state="ready").count() == 8
    lifecycle.retry_failed(study)
    execution.run_pending(study)
    assert Stimulus.objects.filter(clip__study=study, state="ready").count() == 12


def test_an_error_that_every_clip_would_meet_stops_the_run_with_one_message(study, monkeypatch):
    def no_key(*args):
        raise RunStopped("The service does not take the key.")

    with monkeypatch.context() as patch:
        patch.setattr(by_kind, "run_step", no_key)
        run = generate(study)
    assert (run.state, run.message) == ("stopped", "The service does not take the key.")
    assert not ClipStep.objects.filter(state__in=[State.FAILED, State.RUNNING]).exists()
    assert generate(study).state == "done"


def test_clips_that_redefinition_does_not_change_are_left_out_with_the_reason(study):
    add_clips(study, 1, tags=["guitar"])
    store_settings(study, GenerationSettings(rules="curated", painter=SMALL))
    generate(study)
    clip = study.clips.get(number=4)
    step = ClipStep.objects.get(clip=clip, kind="redefine")
    assert step.result["unchanged"]
    assert (clip.included, clip.exclusion_reason) == (False, UNCHANGED)
    assert not clip.stimuli.exists()
    study.include_unchanged_clips = True
    study.save()
    generate(study)
    clip.refresh_from_db()
    assert clip.included
    assert clip.stimuli.count() == 4


def test_uploaded_images_are_never_painted_over(study):
    clip = study.clips.first()
    for condition in study.conditions.all():
        Stimulus.objects.create(
            clip=clip, condition=condition, state="ready", painter="uploaded", image="aa/uploaded.png"
        )
    generate(study)
    assert {stimulus.image.name for stimulus in clip.stimuli.all()} == {"aa/uploaded.png"}
    clip.refresh_from_db()
    assert clip.survey_audio


def test_a_study_of_ready_made_images_only_needs_its_audio(fake_steps, owner):
    from study.design.conditions import ConditionPreset

    presets = (ConditionPreset("a", "A", {}), ConditionPreset("b", "B", {}))
    study = create_study(title="Two models", owner=owner, presets=presets)
    add_clips(study, 2)
    assert generate(study).state == "done"
    assert set(ClipStep.objects.filter(state=State.DONE).values_list("kind", flat=True)) == {"listen"}


def test_the_person_who_asked_gets_a_mail(study, owner, mailoutbox, django_capture_on_commit_callbacks):
    study.title = "Rock\nBcc: everybody@example.org"  # a line of its own would be a header
    study.save()
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.start_run(study, actor=owner, notify=True)
        execution.run_pending(study)
    assert [mail.to for mail in mailoutbox] == [["owner@example.org"]]
    assert mailoutbox[0].subject == "Rock Bcc: everybody@example.org: Earsight"


def test_files_of_a_deleted_clip_are_no_orphans_and_it_comes_back_with_its_steps(study, performed_kinds):
    generate(study)
    clip = study.clips.first()
    before = pictures(study)
    names = set(files_of(clip))
    deletion = delete_clip(clip)
    orphan_files.mark_orphaned(names)
    orphan_files.delete_orphans()
    assert names <= stored_files()
    restore_in_study(study, deletion.pk)
    performed_kinds.clear()
    generate(study)
    assert performed_kinds == [], "nothing is made again"
    assert pictures(study) == before
