"""A tagger for each tag set: two heads, or predictions made elsewhere; and whether their tags differ."""

import io
import tempfile
from pathlib import Path

import pytest
import soundfile
import torch
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from openpyxl import Workbook

from generation import study_files
from generation.errors import RunStopped
from generation.models import ClipStep
from generation.runs import lifecycle
from generation.runs.steps import listen
from generation.settings_model import GenerationSettings, settings_of, store_settings
from generation.tagging import ClmrOptions, ImportedOptions, MusicnnOptions
from study.errors import ImportRefused
from study.models import Clip
from study.setup.clip_selection import UNCHANGED
from study.setup.making_facts import making_facts
from tests.generation.runs import fake_pipeline
from tests.generation.studies import SMALL, generate

REAL_LISTEN = listen.listen


def results(study, kind="redefine"):
    return [step.result for step in ClipStep.objects.filter(clip__study=study, kind=kind).order_by("clip__number")]


def choose(study, **chosen):
    store_settings(study, GenerationSettings(painter=SMALL, tag_source="predicted", **chosen))


@pytest.fixture
def heads(tmp_path):
    """A function: tag → logit, by the head's name → the options of a CLMR tagger that always predicts these."""
    from generation.tagging.clmr import Head, SampleCNN, save_encoder, save_head

    # Threads that wait for each other on a busy machine outlast the heartbeat of a step's lease.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    save_encoder(SampleCNN(widths=(4, 4, 4, 8)), tmp_path / "encoder.pt")

    def make(name, **logits):
        head = Head(8, len(logits), tags=list(logits), thresholds=[0.5] * len(logits))
        with torch.no_grad():
            for parameter in head.parameters():
                parameter.zero_()
            [*_, bias] = head.parameters()
            bias.copy_(torch.tensor(list(logits.values())))
        save_head(head, tmp_path / f"{name}.pt")
        return ClmrOptions(encoder=str(tmp_path / "encoder.pt"), head=str(tmp_path / f"{name}.pt"), runtime="torch")

    yield make
    torch.set_num_threads(before)


@pytest.fixture
def sounding(study, tone, monkeypatch, tmp_path):
    """The study with two clips of real sound, to which the real step listens."""
    monkeypatch.setattr(listen, "listen", REAL_LISTEN)
    study.clips.filter(number__gt=2).delete()
    for clip in study.clips.all():
        path = tmp_path / f"{clip.number}.wav"
        soundfile.write(path, tone(3.0, 16_000, 200.0 + clip.number), 16_000)
        clip.audio.name = default_storage.save(f"real/{clip.number}.wav", ContentFile(path.read_bytes()))
        clip.save()
    return study


def test_two_heads_that_agree_leave_every_clip_out_however_their_words_read(sounding, heads):
    """Comparing prompts, as was done, called every clip changed: of the words, not of the tags."""
    original = heads("original", low=2.0, english=1.0, guitar=3.0, slow=-4.0)
    redefined = heads("redefined", english=3.0, guitar=1.0, low=2.0, loud=-4.0)
    choose(sounding, tagger=original, redefined_tagger=redefined, rules_for="neither", prompt_words="redefined")
    generate(sounding)
    found = results(sounding)
    assert [result["predicted"] for result in found] == [
        {"original": ["guitar", "low", "english"], "redefined": ["english", "low", "guitar"]}
    ] * 2
    assert {clip.exclusion_reason for clip in sounding.clips.all()} == {UNCHANGED}
    # The control: the prompts do differ.
    assert found[0]["prompts"]["original"] != found[0]["prompts"]["redefined"]
    choose(sounding, tagger=original, redefined_tagger=redefined, rules_for="neither")
    generate(sounding)
    words = "guitar, low-pitched, english-language song"
    assert results(sounding)[0]["prompts"] == {"original": words, "redefined": words}


def test_each_head_gives_its_own_set_with_both_in_provenance_and_one_decoding(sounding, heads, monkeypatch):
    decoded = []
    decode = listen.decode
    monkeypatch.setattr(listen, "decode", lambda *args: decoded.append(args) or decode(*args))
    original = heads("original", classic=2.0, guitar=3.0, classical=1.0, slow=-4.0)
    redefined = heads("redefined", classical=3.0, guitar=1.0, quiet=2.0)
    choose(sounding, tagger=original, redefined_tagger=redefined, rules_for="neither")
    generate(sounding)
    assert len(decoded) == 2  # once for each clip
    [result, _] = results(sounding)
    assert result["prompts"] == {"original": "guitar, classic, classical", "redefined": "classical, quiet, guitar"}
    assert not result["changes"]
    provenance = sounding.clips.first().stimuli.first().provenance
    assert provenance["tagger"]["head_sha256"] != provenance["redefined_tagger"]["head_sha256"]
    assert (provenance["rules_for"], provenance["prompt_words"]) == ("neither", "both")
    [tags, words, *_] = making_facts(sounding)
    first, second = (provenance[key]["head_sha256"][:8] for key in ("tagger", "redefined_tagger"))
    assert tags == (
        f"The original tags were predicted by clmr (head {first}), the redefined tags by clmr (head {second}). "
        "No rules were applied to them."
    )
    assert "in both tag sets alike" in words


@pytest.mark.parametrize(
    ("rules_for", "original", "redefined"),
    [
        ("neither", "guitar, classic, classical", "jazzy, quiet, guitar"),
        ("original", "guitar, classical", "jazzy, quiet, guitar"),
        ("redefined", "guitar, classic, classical", "jazz, quiet, guitar"),
        ("both", "guitar, classical", "jazz, quiet, guitar"),
    ],
)
def test_the_rules_are_applied_to_the_sets_that_the_settings_name(study, monkeypatch, rules_for, original, redefined):
    heard = {
        "tags": {"guitar": 0.9, "classic": 0.8, "classical": 0.7},
        "redefined_tags": {"jazzy": 0.9, "quiet": 0.8, "guitar": 0.7},
    }

    def two(path, name, parts, settings, excerpt):
        result = fake_pipeline.listen_by_arithmetic(path, name, parts, settings, excerpt)
        for part in heard.keys() & parts:
            result.record[part]["probabilities"] = heard[part]
        return result

    monkeypatch.setattr(listen, "listen", two)
    choose(study, redefined_tagger=MusicnnOptions(thresholds="other.json"), rules_for=rules_for)
    generate(study)
    assert results(study)[0]["prompts"] == {"original": original, "redefined": redefined}


def test_a_new_second_tagger_listens_again_for_its_own_part_alone(study, monkeypatch):
    asked = []

    def counted(path, name, parts, settings, excerpt):
        asked.append(parts)
        return fake_pipeline.listen_by_arithmetic(path, name, parts, settings, excerpt)

    monkeypatch.setattr(listen, "listen", counted)
    choose(study)
    generate(study)
    choose(study, redefined_tagger=MusicnnOptions())
    generate(study)
    assert asked == [{"survey", "voice", "tags"}] * 3 + [{"redefined_tags"}] * 3
    assert "redefined_tags" in results(study, "listen")[0]
    choose(study)
    generate(study)
    assert "redefined_tags" not in results(study, "listen")[0]


WIDE = b"clip,guitar,slow,Loud Bit\nclip1.wav,0.9,0.4,0\nclip2.wav,0.2,0.3,0\nsome/where/clip3.mp3,0.1,0.5,1\n"
LONG = b"clip,tag,probability\nclip1.wav,quiet,0.9\nclip2.wav,slow,0.3\nclip2.wav,quiet,0.3\nclip3.wav,piano,1\n"


def upload(study, raw, name="predictions.csv"):
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(raw)
        return ImportedOptions(file=study_files.upload_file(study, "predictions", Path(file.name), name=name)[0].digest)


def test_imported_predictions_serve_either_set_and_are_named_in_provenance(study):
    first, second = upload(study, WIDE), upload(study, LONG, "long.csv")
    choose(study, tagger=first, redefined_tagger=second)
    generate(study)
    assert [result["predicted"] for result in results(study)] == [
        {"original": ["guitar", "slow"], "redefined": ["quiet"]},  # a tag of probability 0 fills up no clip
        {"original": ["slow", "guitar"], "redefined": ["quiet", "slow"]},
        {"original": ["Loud Bit", "slow", "guitar"], "redefined": ["piano"]},
    ]
    provenance = study.clips.first().stimuli.first().provenance
    assert provenance["redefined_tagger"] == {"name": "imported", "file": "long.csv", "file_sha256": second.file}
    assert "long.csv" in making_facts(study)[0]


def test_predictions_may_come_as_a_workbook(study):
    book, file = Workbook(), io.BytesIO()
    for row in (["clip", "guitar"], [], ["clip2.wav", 0.5], ["clip1.wav", 1]):
        book.active.append(row)
    book.save(file)
    upload(study, file.getvalue(), "p.xlsx")
    assert study.files.get().summary == {
        "tags": 1,
        "clips": 2,
        "unknown": 0,
        "lines": {"clip2.wav": 3, "clip1.wav": 4},
    }
    book.active.append(["clip3.wav", "much"])
    book.save(file := io.BytesIO())
    with pytest.raises(ImportRefused, match=r"p\.xlsx, row 5: .*much"):
        upload(study, file.getvalue(), "p.xlsx")


def test_a_changed_table_makes_the_clips_anew_that_it_changes(study, performed_kinds):
    choose(study, tagger=upload(study, WIDE))
    generate(study)
    performed_kinds.clear()
    choose(study, tagger=upload(study, WIDE.replace(b"clip1.wav,0.9,0.4", b"clip1.wav,0.4,0.9")))
    generate(study)
    assert performed_kinds.count("listen") == 3
    assert performed_kinds.count("redefine") == 1


def test_clips_that_a_table_lacks_are_named_before_the_run_starts(study):
    choose(study, tagger=upload(study, b"clip,guitar\nclip2,0.5\n"))
    with pytest.raises(RunStopped, match=r"predictions.csv has no predictions for 2 clips: clip1.wav, clip3.wav"):
        lifecycle.start_run(study)
    assert not study.generation_runs.exists()
    Clip.objects.exclude(name="clip2.wav").filter(study=study).update(included=False, exclusion_reason="mine")
    generate(study)
    assert results(study)[0]["given"] == ["guitar"]


def test_a_table_that_the_study_does_not_have_stops_the_run(study):
    choose(study, tagger=ImportedOptions(file="a" * 64))
    with pytest.raises(RunStopped, match="upload it again"):
        lifecycle.start_run(study)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"tag_source": "people", "redefined_tagger": {"kind": "musicnn"}}, "both sets are predicted"),
        ({"tag_source": "auto", "redefined_tagger": {"kind": "musicnn"}}, "both sets are predicted"),
        ({"rules_for": "neither"}, "Without a second tagger"),
        (
            {"tag_source": "predicted", "redefined_tagger": {"kind": "musicnn"}, "rules_for": "both"},
            "would be the same",
        ),
    ],
)
def test_settings_that_have_no_effect_or_make_equal_sets_are_refused(chosen, message):
    with pytest.raises(ValueError, match=message):
        GenerationSettings.model_validate(chosen)


def test_the_same_tagger_twice_is_fine_if_the_rules_are_for_one_set(study):
    choose(study, redefined_tagger=MusicnnOptions())
    assert settings_of(study).redefined_tagger == settings_of(study).tagger


def test_the_report_says_which_set_got_prompt_words_and_counts_clips_that_differ(study):
    store_settings(study, GenerationSettings(painter=SMALL))
    generate(study)
    tags, words, *_ = making_facts(study)
    assert tags == "The original tags were given by people; the redefined tags are those after the rules “curated”."
    assert words.startswith("The word that a tag becomes in a prompt was used in both tag sets alike")
    step = ClipStep.objects.filter(clip__study=study, kind="redefine").first()
    del step.result["prompt_words"]  # as generation left it before the setting existed
    step.save()
    assert [fact[:18] for fact in making_facts(study) if "prompt" in fact] == [
        "In 2 of 3 clips: T",
        "In 1 of 3 clips: O",
    ]
    step.clip.stimuli.update(painter="uploaded")
    assert words in making_facts(study)
