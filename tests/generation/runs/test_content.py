"""Content, not paths, decides what is current: of the tagger's files and of the painter's folder."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from generation.errors import RunStopped
from generation.listening import voice
from generation.models import ClipStep
from generation.painting import DiffusersOptions
from generation.painting.errors import PainterNotReady
from generation.runs import planning
from generation.runs.steps import listen, loaded_models
from generation.settings_model import GenerationSettings, store_settings
from generation.tagging import ClmrOptions
from generation.tagging.clmr import Head, SampleCNN, save_encoder, save_head
from study.digests import DigestUnknown, path_digest
from study.models import Clip, Study
from tests.generation.painting.conftest import save_pipeline
from tests.generation.studies import SMALL, generate

NARROW = (4, 4, 4, 8, 8, 8)
TAGS = ["guitar", "piano", "drums", "slow"]
LISTEN, LOAD_PAINTER = listen.listen, loaded_models.painter_of


@pytest.fixture
def files(tmp_path) -> Path:
    """An encoder, a head, and the head's tags in a file of their own."""
    torch.manual_seed(0)
    save_encoder(SampleCNN(widths=NARROW), tmp_path / "encoder.pt")
    save_head(Head(8, len(TAGS)), tmp_path / "head.pt")
    (tmp_path / "tags.txt").write_text("\n".join(TAGS))
    return tmp_path


def tagger(files: Path) -> ClmrOptions:
    return ClmrOptions(
        encoder=str(files / "encoder.pt"), head=str(files / "head.pt"), tags=str(files / "tags.txt"), runtime="torch"
    )


@pytest.fixture
def listening(study, files, monkeypatch) -> Study:
    """The study with one clip that the CLMR tagger of `files` really listens to."""
    monkeypatch.setattr(listen, "listen", LISTEN)
    monkeypatch.setattr(listen, "detect_voice", lambda *args: voice.VoiceEvidence(0, (), np.zeros(9), 0, 0, 1, 1, {}))
    study.clips.exclude(number=1).delete()
    clip = study.clips.get()
    soundfile.write(clip.audio.path, np.random.default_rng(0).uniform(-0.5, 0.5, 22_050), 22_050)
    store_settings(study, GenerationSettings(tagger=tagger(files), painter=SMALL))
    return study


def heard(study: Study) -> dict[str, float]:
    return ClipStep.objects.get(clip__study=study, kind="listen").result["tags"]["probabilities"]


def test_what_is_done_to_an_odd_file_stands_in_its_row_and_in_every_provenance(listening):
    clip = listening.clips.get()
    soundfile.write(clip.audio.path, np.random.default_rng(0).uniform(-9, 9, 22_050), 22_050, subtype="FLOAT")
    generate(listening)
    clip.refresh_from_db()
    assert [note["kind"] for note in clip.audio_notes] == ["scaled"]
    assert [stimulus.provenance["sound"] for stimulus in clip.stimuli.all()] == [clip.audio_notes] * 4


@pytest.mark.parametrize("changed", ["head", "encoder", "tags"])
def test_a_file_of_the_tagger_replaced_at_its_path_is_listened_with_again(listening, files, performed_kinds, changed):
    generate(listening)
    before = heard(listening)
    performed_kinds.clear()
    generate(listening)
    assert performed_kinds == []  # the control: nothing changed
    if changed == "tags":
        (files / "tags.txt").write_text("\n".join(reversed(TAGS)))  # of the same size
    elif changed == "head":
        save_head(Head(8, len(TAGS)), files / "head.pt")
    else:
        save_encoder(SampleCNN(widths=NARROW), files / "encoder.pt")
    generate(listening)
    assert performed_kinds[0] == "listen"
    after = heard(listening)
    assert after != before
    if changed == "tags":
        assert list(after.values()) == list(before.values())
    else:
        assert not np.allclose(list(after.values()), list(before.values()), atol=1e-4)


def test_a_replaced_second_head_is_listened_with_again_and_alone(listening, files, performed_kinds):
    save_head(Head(8, len(TAGS)), files / "second.pt")
    second = tagger(files).model_copy(update={"head": str(files / "second.pt")})
    chosen = GenerationSettings(
        tag_source="predicted", tagger=tagger(files), redefined_tagger=second, rules_for="neither", painter=SMALL
    )
    store_settings(listening, chosen)
    generate(listening)
    before = ClipStep.objects.get(clip__study=listening, kind="listen").result
    performed_kinds.clear()
    save_head(Head(8, len(TAGS)), files / "second.pt")
    generate(listening)
    after = ClipStep.objects.get(clip__study=listening, kind="listen").result
    assert performed_kinds[0] == "listen"
    assert after["tags"] == before["tags"]
    assert after["redefined_tags"]["probabilities"] != before["redefined_tags"]["probabilities"]
    assert {part for part in after["digests"] if after["digests"][part] != before["digests"][part]} == {
        "redefined_tags"
    }


def test_the_same_content_at_another_path_is_current(listening, files, performed_kinds, tmp_path_factory):
    generate(listening)
    performed_kinds.clear()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("encoder.pt", "head.pt", "tags.txt"):
        shutil.copy(files / name, elsewhere / name)
    store_settings(listening, GenerationSettings(tagger=tagger(elsewhere), painter=SMALL))
    generate(listening)
    assert performed_kinds == []


def test_a_missing_head_stops_the_run(listening, files):
    generate(listening)
    (files / "head.pt").unlink()
    run = generate(listening)
    assert run.state == "stopped"
    assert "head.pt: there is no such checkpoint file" in run.message


def test_a_tagger_copied_into_place_while_it_is_read_is_refused(files, monkeypatch):
    def overtaken(options, build=loaded_models.build_tagger):
        built = build(options)
        save_head(Head(8, len(TAGS)), files / "head.pt")
        return built

    monkeypatch.setattr(loaded_models, "build_tagger", overtaken)
    with pytest.raises(RunStopped, match="changed while they were read"):
        loaded_models.tagger_of(GenerationSettings(tagger=tagger(files)))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_pipeline(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def painted(study, model, monkeypatch) -> Study:
    """The study with one clip, painted by the diffusion model in the folder `model`."""
    monkeypatch.setattr(loaded_models, "painter_of", LOAD_PAINTER)
    study.clips.exclude(number=1).delete()
    options = DiffusersOptions(model=str(model), steps=2, size=64, guidance=4, device="cpu")
    store_settings(study, GenerationSettings(painter=options))
    return study


def replace_weights(model: Path) -> None:
    """Change one weight file, and leave its size and its modification time as they were."""
    path = model / "unet" / "diffusion_pytorch_model.safetensors"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    weights = bytearray(path.read_bytes())
    weights[-64:] = np.full(16, 3, "<f4").tobytes()
    path.write_bytes(weights)
    os.utime(path, ns=times)


def images(study: Study) -> set[str]:
    return {stimulus.image_digest for clip in study.clips.all() for stimulus in clip.stimuli.all()}


def weights(study: Study) -> set[str]:
    return {stimulus.provenance["painter"]["weights"] for clip in study.clips.all() for stimulus in clip.stimuli.all()}


def test_a_model_replaced_in_its_folder_paints_again_and_alone(painted, model, performed_kinds):
    assert generate(painted).state == "done"
    before, digest = images(painted), weights(painted)
    performed_kinds.clear()
    generate(painted)
    assert performed_kinds == []  # the control: nothing changed
    replace_weights(model)
    generate(painted)
    assert performed_kinds == ["paint"]
    assert images(painted).isdisjoint(before)
    assert weights(painted) == {path_digest(model)} != digest


def test_another_tokenizer_counts_the_prompts_again(painted, model, performed_kinds):
    generate(painted)
    performed_kinds.clear()
    config = model / "tokenizer" / "tokenizer_config.json"
    config.write_text(config.read_text() + "\n")
    generate(painted)
    assert performed_kinds[0] == "redefine"


def test_a_plan_that_must_not_read_the_model_leaves_the_answer_to_the_worker(
    painted, model, performed_kinds, monkeypatch
):
    generate(painted)
    performed_kinds.clear()
    before = images(painted)

    def large(path, only=(), read=True):
        if not read:
            raise DigestUnknown("large")
        return path_digest(path, only)

    monkeypatch.setattr(planning, "path_digest", large)
    run = generate(painted)
    assert (run.state, run.totals["steps"]) == ("done", 4)
    assert performed_kinds == []
    assert images(painted) == before
    replace_weights(model)
    (model / "unet" / "config.json").write_text((model / "unet" / "config.json").read_text() + "\n")
    generate(painted)
    assert performed_kinds == ["paint"]


def test_a_worker_paints_what_is_current_but_lost(painted, performed_kinds, monkeypatch):
    """The plan could not know, and the step's inputs are the same: the missing images must still be made."""
    generate(painted)
    performed_kinds.clear()
    Clip.objects.get(study=painted).stimuli.first().delete()
    generate(painted)
    assert performed_kinds == ["paint"]
    assert len(images(painted)) == 4


def test_a_model_copied_into_place_while_it_is_read_is_refused(painted, model, monkeypatch):
    from generation.painting.diffusion import loaded_model

    def overtaken(*args, load=loaded_model._load):
        loaded = load(*args)
        config = model / "unet" / "config.json"
        config.write_text(config.read_text() + "\n")
        return loaded

    monkeypatch.setattr(loaded_model, "_load", overtaken)
    loaded_model._loaded.clear()
    options = DiffusersOptions(model=str(model), steps=2, size=64, guidance=4, device="cpu")
    with pytest.raises(PainterNotReady, match="changed while they were read"):
        loaded_model.load_model(options, "cpu", "float32", check_ready=lambda: None)
