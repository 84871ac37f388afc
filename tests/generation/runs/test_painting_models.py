"""Whole runs with tiny diffusion models through the steps' own code: painted clips, and faults that stop a run once."""

import json
import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from safetensors.numpy import load_file, save_file

from generation.errors import RunStopped
from generation.models import ClipStep, GenerationRun
from generation.painting import DiffusersOptions, build_painter
from generation.painting.diffusion import loaded_model
from generation.runs import execution, lifecycle, readiness
from generation.runs.steps import loaded_models
from generation.settings_model import GenerationSettings, store_settings
from study.models import Stimulus
from tests.generation.studies import add_clips

State = ClipStep.State
LOAD_PAINTER = loaded_models.painter_of


@pytest.fixture(autouse=True)
def _real_painter(fake_steps, monkeypatch):
    """Paint with the study's model; only listening stays arithmetic."""
    monkeypatch.setattr(loaded_models, "painter_of", LOAD_PAINTER)
    yield
    loaded_models._load_painter.cache_clear()
    loaded_model._loaded.clear()


def choose(study, folder, **options) -> None:
    settings = {"steps": 2, "size": 64, "guidance": 4, "device": "cpu"} | options
    store_settings(study, GenerationSettings(painter=DiffusersOptions(model=str(folder), **settings)))


def run_all(study) -> GenerationRun:
    lifecycle.start_run(study)
    run = execution.run_pending(study)
    assert run is not None
    return run


@pytest.fixture
def unguarded(monkeypatch):
    """Nothing is checked when a run starts, as if the model lay on another machine."""
    monkeypatch.setattr(readiness, "is_one_machine", lambda: False)


@pytest.mark.parametrize(
    ("name", "options", "effects"),
    [
        ("qwen-image", {"guidance": 4}, {"guidance": "4.0", "guidance_kind": "true", "negative_prompt": " "}),
        ("flux-schnell", {"guidance": 0}, {"guidance": "none", "guidance_kind": "none", "negative_prompt": ""}),
        (
            "sd3-without-t5",
            {"negative_prompt": "drums"},
            {"guidance": "4.0", "guidance_kind": "classifier-free", "negative_prompt": "drums"},
        ),
    ],
)
def test_settings_become_painted_clips_whose_provenance_says_what_had_an_effect(
    study, tiny_family, name, options, effects
):
    choose(study, tiny_family(name), **options)
    run = run_all(study)
    assert run.state == GenerationRun.State.DONE
    stimuli = Stimulus.objects.filter(clip__study=study, state=Stimulus.State.READY)
    assert stimuli.count() == 12
    assert len({stimulus.image_digest for stimulus in stimuli}) > 6
    for stimulus in stimuli:
        assert stimulus.provenance["painter"].items() >= effects.items()
        assert stimulus.provenance["painter_proof"]["difference"] > 0
    step = ClipStep.objects.filter(run=run, kind=ClipStep.Kind.PAINT).first()
    assert step.result["proof"] == stimuli[0].provenance["painter_proof"]
    out = StringIO()
    call_command("reproduce", str(stimuli[0].pk), "--json", stdout=out)
    assert json.loads(out.getvalue())["verdict"] == "bit-identical"
    assert json.loads(out.getvalue())["changed"] == {}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("sana", {"scheduler": "euler"}, "(Sana) works only with the scheduler it comes with"),
        ("flux-schnell", {"guidance": 3}, "(Flux) has no guidance: set the guidance to 0"),
        ("cascade", {}, "can no longer load its decoder"),
        ("hunyuan", {"size": 512}, "paints 1024, 1280 pixels, not 512"),
    ],
)
def test_settings_that_a_family_does_not_take_start_no_run(study, tiny_family, name, options, message, monkeypatch):
    choose(study, tiny_family(name), **options)
    monkeypatch.setattr(readiness, "is_one_machine", lambda: True)
    with pytest.raises(RunStopped) as caught:
        lifecycle.start_run(study)
    assert message in str(caught.value)
    assert not study.generation_runs.exists()


def stopped_once(study, message: str) -> None:
    """Run, and assert that the run stops with one message and no step of it failed."""
    run = run_all(study)
    assert run.state == GenerationRun.State.STOPPED
    assert message in run.message
    assert not ClipStep.objects.filter(run=run, state=State.FAILED).exists()
    assert not Stimulus.objects.filter(clip__study=study, state=Stimulus.State.READY).exists()


@pytest.mark.usefixtures("unguarded")
class TestAFaultOfTheModelStopsTheRunOnce:
    def test_a_scheduler_that_the_family_cannot_use(self, study, tiny_family):
        choose(study, tiny_family("sana"), scheduler="euler")
        stopped_once(study, "(Sana) works only with the scheduler it comes with")
        done = ClipStep.objects.filter(clip__study=study, state=State.DONE)
        assert set(done.values_list("kind", flat=True)) == {ClipStep.Kind.LISTEN}, "no sentence was paid"

    def test_an_unknown_pipeline(self, study, tiny_family, tmp_path):
        folder = shutil.copytree(tiny_family("sd"), tmp_path / "model")
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": "NoSuchPipeline"}))
        choose(study, folder)
        stopped_once(study, "does not know the pipeline 'NoSuchPipeline'")

    def test_random_weights(self, study, tiny_family, tmp_path, monkeypatch):
        folder = shutil.copytree(tiny_family("sd"), tmp_path / "model")
        file = folder / "text_encoder" / "model.safetensors"
        tensors = {name: value for name, value in load_file(file).items() if "layers.1.mlp" not in name}
        save_file(tensors, file, metadata={"format": "pt"})
        choose(study, folder)
        stopped_once(study, "'text_encoder' lacks 4 tensors")
        # The control: without the proof the run is done, with pictures from random numbers.
        monkeypatch.setattr("generation.runs.steps.paint.prove", lambda painter, prompts: None)
        assert run_all(study).state == GenerationRun.State.DONE


def test_different_prompts_with_one_picture_fail_the_clip_and_equal_ones_do_not(study, tiny_family, monkeypatch):
    """One clip's prompts differ and give one picture; the others go on."""
    choose(study, tiny_family("sd"))
    monkeypatch.setattr("generation.runs.steps.paint.prove", lambda painter, prompts: None)
    painter_class = type(build_painter(DiffusersOptions(model=str(tiny_family("sd")))))
    paint = painter_class.paint
    calls = []

    def first_clip_all_alike(self, prompts, *, seed, batch_sizes=None):
        painted = paint(self, prompts, seed=seed, batch_sizes=batch_sizes)
        calls.append(prompts)
        if len(calls) == 1:
            painted.images[:] = painted.images[:1] * len(prompts)
        return painted

    monkeypatch.setattr(painter_class, "paint", first_clip_all_alike)
    run = run_all(study)
    failed = ClipStep.objects.get(run=run, state=State.FAILED)
    assert "gave one and the same picture" in failed.error
    assert Stimulus.objects.filter(clip__study=study, state=Stimulus.State.READY).count() == 8


class TestTheCommand:
    def test_it_proves_the_model_with_prompts_of_the_study(self, study, tiny_family, capsys):
        add_clips(study, 1, tags=("drums", "rock"))
        choose(study, tiny_family("sd"))
        call_command("fetch_models", study.slug, "--prove")
        printed = capsys.readouterr().out
        assert "208 tensors of unet" in printed
        assert "'classical, classic, piano, piano solo, slow' and 'drums, rock' give different pictures" in printed

    def test_a_model_that_fails_ends_with_1(self, study, tiny_family, tmp_path):
        folder = shutil.copytree(tiny_family("sd"), tmp_path / "model")
        config = folder / "text_encoder" / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"num_hidden_layers": 1}))
        choose(study, folder)
        call_command("fetch_models", study.slug)  # the control: its files are there
        with pytest.raises(CommandError, match="has 16 tensors") as caught:
            call_command("fetch_models", study.slug, "--prove")
        assert caught.value.returncode == 1
