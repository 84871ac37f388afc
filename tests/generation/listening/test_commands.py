"""The listening commands, as people run them."""

import json
from io import StringIO

import numpy as np
import pytest
import soundfile
import torch
from django.core.management import CommandError, call_command

from generation.tagging.clmr import Head, SampleCNN, load_head, save_encoder, save_head

NARROW = (4, 4, 4, 8, 8, 8)


def run(*words: object) -> str:
    out = StringIO()
    call_command(*(str(word) for word in words), stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    save_encoder(SampleCNN(widths=NARROW), tmp_path / "e.pt")
    save_head(Head(8, 2, tags=["harp", "drums"]), tmp_path / "h.pt")
    return [
        "--tagger",
        "clmr",
        "--runtime",
        "torch",
        "--checkpoint",
        tmp_path / "e.pt",
        "--head",
        tmp_path / "h.pt",
    ]


def test_tag_prints_json_of_every_tag(write_audio, model):
    path = write_audio("a.wav")
    (row,) = json.loads(run("tag", path, "--json", *model))
    assert row["file"] == str(path)
    assert set(row["probabilities"]) == {"harp", "drums"}


def test_tag_prints_a_table_with_the_likeliest_first(write_audio, model):
    lines = run("tag", write_audio("a.wav"), *model).splitlines()
    probabilities = [float(line.split()[0]) for line in lines[1:]]
    assert len(probabilities) == 2
    assert probabilities == sorted(probabilities, reverse=True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["tag", "missing.wav", "FILE", "other.wav"], r"missing.wav: .*\nother.wav: there is no such file"),
        (
            ["evaluate_tagger", "--store", "s", "--annotations", "a", "--json", "no/x.json"],
            "folder no does not",
        ),
        (["tag", "missing.wav"], "missing.wav: there is no such file"),
        (["tag", "--tagger", "clmr", "FILE"], "--tagger clmr needs --checkpoint ENCODER and --head HEAD"),
        (["tag", "--head", "h.pt", "FILE"], "--head belongs to --tagger clmr"),
        (["tag", "--tagger", "clmr", "--checkpoint", "x.pt", "--head", "h.pt", "FILE"], "x.pt: there is no such file"),
        (["train_clmr", "head", "--store", "s", "--annotations", "a", "--out", "o"], "head needs --encoder"),
        (["evaluate_tagger", "--store", "s", "--annotations", "a", "--tagger", "clmr"], "needs --checkpoint"),
        (["listen_library", "nowhere", "--out", "o"], "nowhere: there is no such folder"),
        (["prepare_magnatagatune", "s"], "no annotations_final.csv in it"),
        (["fetch_musicnn", "--wheel", "x.whl", "--folder", "FOLDER"], "x.whl"),
    ],
)
def test_errors_say_what_to_do_and_exit_with_2(words, reason, write_audio, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s").mkdir()
    for name in ("a", "h.pt"):
        (tmp_path / name).touch()
    given = {"FILE": write_audio("a.wav"), "FOLDER": tmp_path / "weights"}
    with pytest.raises(CommandError, match=reason) as caught:
        run(*(given.get(word, word) for word in words))
    assert caught.value.returncode == 2


@pytest.fixture
def data_set(tmp_path):
    """Eighteen clips in MagnaTagATune's layout: `low` ones of a low pitch, `high` ones of a high one."""
    rng = np.random.default_rng(0)
    rows = ["clip_id\thigh\tlow\tmp3_path"]
    folder = tmp_path / "mtat"
    for number in range(18):
        high = number % 2
        path = f"{'0cf'[number % 3]}/{number}.mp3"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        time = np.arange(8000) / 8000
        wave = 0.3 * np.sin(2 * np.pi * (1200 if high else 150) * time * rng.uniform(0.9, 1.1))
        soundfile.write(folder / path, wave, 8000)
        rows.append(f"{number + 1}\t{high}\t{1 - high}\t{path}")
    (folder / "annotations_final.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_from_the_data_set_to_a_head_that_tags(data_set, tmp_path, model, write_audio):
    said = run("prepare_magnatagatune", data_set, "--workers", 1)
    assert said.startswith("18 clips in the store, 0 could not be read")
    place = ["--store", data_set / "store", "--annotations", data_set / "annotations_final.csv"]
    out = tmp_path / "head"
    words = ["head", *place, "--encoder", tmp_path / "e.pt", "--out", out, "--epochs", 30]
    assert "test: ROC-AUC" in run("train_clmr", *words, "--learning-rate", 0.02)
    results = json.loads((out / "results.json").read_text())
    assert results["settings"]["epochs"] == 30
    assert results["trained_on"]["clips"]["train"] == {"used": 6, "tagged": 6, "untagged": 0, "missing": 0}
    assert set(results["test"]["tags"]) == {"high", "low"}
    assert load_head(out / "head.pt").thresholds is not None
    tagger = ["--tagger", "clmr", "--checkpoint", tmp_path / "e.pt", "--head", out / "head.pt"]
    assert "6 clips, 2 tags: ROC-AUC" in run("evaluate_tagger", *place, *tagger, "--json", tmp_path / "e.json")
    (row,) = json.loads(run("tag", write_audio("a.wav"), "--json", *tagger))
    assert set(row["probabilities"]) == {"high", "low"}
    assert "supervised: 1 epochs" in run(
        "train_clmr",
        "finetune",
        *place,
        "--encoder",
        tmp_path / "e.pt",
        "--out",
        tmp_path / "f",
        "--epochs",
        1,
    ).replace("finetune", "supervised")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--epochs", 0], "--epochs: '0' is no whole number from 1"),
        (["--top", 0], "--top: '0' is no whole number from 1 to 10,000"),
        (["--learning-rate", -1], "--learning-rate: '-1' is no number above 0"),
        ([], "holds audio at 8000 Hz; CLMR hears 22050"),
    ],
)
def test_settings_that_cannot_be_are_named_by_their_option(data_set, tmp_path, words, reason):
    rate = 22_050 if words else 8000
    run("prepare_magnatagatune", data_set, "--workers", 1, "--sample-rate", rate)
    place = ["--store", data_set / "store", "--annotations", data_set / "annotations_final.csv"]
    with pytest.raises(CommandError, match=reason) as caught:
        run("train_clmr", "pretrain", *place, "--out", tmp_path / "o", *words)
    assert caught.value.returncode == 2


def test_a_bad_file_is_listed_until_it_is_deleted(data_set):
    (data_set / "0" / "0.mp3").write_bytes(b"")
    with pytest.raises(CommandError, match="run this again") as caught:
        run("prepare_magnatagatune", data_set, "--workers", 1)
    assert caught.value.returncode == 1
    (data_set / "0" / "0.mp3").unlink()
    assert "17 clips in the store, 0 could not be read, 0 without a file, 1 bad ones deleted" in run(
        "prepare_magnatagatune", data_set, "--workers", 1
    )


def test_missing_files_are_a_fault_unless_they_are_to_be_skipped(data_set):
    (data_set / "0" / "0.mp3").unlink()
    for _ in range(2):
        with pytest.raises(CommandError, match=r"1 clips have no file \(the first: clip 1\)") as caught:
            run("prepare_magnatagatune", data_set, "--workers", 1)
        assert caught.value.returncode == 1
    assert "1 without a file" in run("prepare_magnatagatune", data_set, "--workers", 1, "--skip-missing")


def test_a_library_is_listened_to_and_its_voice_written(data_set, tmp_path, model):
    said = run("listen_library", data_set, "--out", tmp_path / "pass", "--voice-csv", tmp_path / "v.csv", *model)
    assert "18 of 18 clips" in said
    assert len((tmp_path / "v.csv").read_text().splitlines()) == 19
