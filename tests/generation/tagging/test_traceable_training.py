"""A training says what it was trained on, refuses to go on with something else, and one process writes its files."""

import json
import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from django.core.management import CommandError, call_command

from generation.management.commands import train_clmr
from generation.tagging import ClmrOptions, TaggingError, build_tagger
from generation.tagging.clmr import SampleCNN, load_head, runtime, save_encoder
from study.digests import file_digest

NARROW = (4, 4, 4, 8, 8, 8)
FULL = os.environ.get("EARSIGHT_LEARNING_TEST") == "full"


def run(*words: object) -> str:
    out = StringIO()
    call_command(*(str(word) for word in words), stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """Twelve clips of a fifth of a second in a store, in all splits, with annotations and an encoder."""
    folder = tmp_path_factory.mktemp("mtat")
    rng = np.random.default_rng(0)
    rows = ["clip_id\thigh\tlow\tmp3_path"]
    for number in range(12):
        path = f"{'0cf'[number % 3]}/{number}.wav"
        (folder / path).parent.mkdir(exist_ok=True)
        soundfile.write(folder / path, rng.uniform(-0.5, 0.5, 22_050), 22_050)
        rows.append(f"{number + 1}\t{number // 3 % 2}\t{int(number < 3)}\t{path}")
    (folder / "annotations_final.csv").write_text("\n".join(rows) + "\n")
    (folder / "redefined.csv").write_text("\n".join(row.replace("\t1\t0\t", "\t1\t1\t") for row in rows) + "\n")
    torch.manual_seed(0)
    save_encoder(SampleCNN(widths=NARROW), folder / "encoder.pt")
    save_encoder(SampleCNN(widths=NARROW), folder / "other.pt")
    run("prepare_magnatagatune", folder, "--workers", 1)
    return folder


def words(folder: Path, stage: str, out: Path, **changes: object) -> list[object]:
    given = {
        "store": folder / "store",
        "annotations": folder / "annotations_final.csv",
        "out": out,
        "epochs": 1,
        **({"encoder": folder / "encoder.pt"} if stage in ("head", "finetune") else {}),
        **changes,
    }
    return ["train_clmr", stage, *(word for name, value in given.items() for word in (f"--{name}", value))]


def other_store(folder: Path, out: Path) -> Path:
    """A copy of the store with one sample changed."""
    copy = Path(shutil.copytree(folder / "store", out))
    samples = bytearray((copy / "samples.i16").read_bytes())
    samples[5] ^= 1
    (copy / "samples.i16").write_bytes(samples)
    return copy


def test_other_labels_store_split_or_encoder_are_refused_where_a_training_is(prepared, tmp_path):
    """Resuming gave the old weights under the new labels' names."""
    out = tmp_path / "out"
    run(*words(prepared, "finetune", out))
    before = (out / "head.pt").read_bytes()
    run(*words(prepared, "finetune", out, epochs=2))  # the control: the same, longer, goes on
    for changes, named in (
        ({"annotations": prepared / "redefined.csv"}, "annotations, split differ"),
        ({"store": other_store(prepared, tmp_path / "store")}, "store differ"),
        ({"untagged": "drop"}, "split differ"),
        ({"top": 1}, "split differ"),
        ({"encoder": prepared / "other.pt"}, "encoder differ"),
    ):
        with pytest.raises(CommandError, match=named) as caught:
            run(*words(prepared, "finetune", out, **changes))
        assert caught.value.returncode == 2
    assert load_head(out / "head.pt").tags == ("high", "low")
    assert (out / "head.pt").read_bytes() != before


def test_results_and_head_say_what_was_trained_on(prepared, tmp_path):
    run(*words(prepared, "head", tmp_path / "one"))
    data = json.loads((tmp_path / "one" / "results.json").read_text())["trained_on"]
    assert data["annotations_sha256"] == file_digest(prepared / "annotations_final.csv")
    assert data["encoder_sha256"] == file_digest(prepared / "encoder.pt")
    assert data["clips"]["train"] == {"used": 4, "tagged": 3, "untagged": 1, "missing": 0}
    assert data["version"]
    head = load_head(tmp_path / "one" / "head.pt")
    same = {"annotations_sha256", "store_sha256", "split_sha256", "encoder_sha256", "version", "untagged"}
    assert {name: head.trained_on[name] for name in same} == {name: data[name] for name in same}
    run(*words(prepared, "head", tmp_path / "two", annotations=prepared / "redefined.csv", untagged="drop"))
    other = json.loads((tmp_path / "two" / "results.json").read_text())["trained_on"]
    assert {name for name in same if data[name] != other[name]} == {"annotations_sha256", "split_sha256", "untagged"}
    assert other["clips"]["train"] == {"used": 3, "tagged": 3, "untagged": 1, "missing": 0}
    options = ClmrOptions(encoder=str(prepared / "encoder.pt"), head=str(tmp_path / "one" / "head.pt"))
    assert build_tagger(options).identity["head_annotations_sha256"] == data["annotations_sha256"]


def test_a_head_on_another_encoder_than_its_own_is_refused(prepared, tmp_path):
    run(*words(prepared, "finetune", tmp_path / "tuned"))
    head = str(tmp_path / "tuned" / "head.pt")
    build_tagger(ClmrOptions(encoder=str(tmp_path / "tuned" / "encoder.pt"), head=head))
    with pytest.raises(TaggingError, match="trained on the representations of another encoder"):
        build_tagger(ClmrOptions(encoder=str(prepared / "encoder.pt"), head=head))
    with pytest.raises(CommandError, match="holds the results of `finetune`; name another folder"):
        run(*words(prepared, "head", tmp_path / "tuned"))  # its head.pt would lie beside another encoder


def test_representations_are_computed_once_an_encoder_and_a_store(prepared, tmp_path, monkeypatch):
    encoded: list[int] = []

    def counted(encoder, *args, build=runtime.build_encode):
        encode, name = build(encoder, *args)
        return lambda segments: (encoded.append(1), encode(segments))[1], name

    monkeypatch.setattr(runtime, "build_encode", counted)
    kept = {"representations": tmp_path / "kept"}

    def computed(out: str, **changes: object) -> int:
        encoded.clear()
        run(*words(prepared, "head", tmp_path / out, **kept, **changes))
        return len(encoded)

    assert computed("first") == 12
    assert computed("again") == 0  # another output folder
    assert computed("redefined", annotations=prepared / "redefined.csv", untagged="drop") == 0
    assert computed("encoder", encoder=prepared / "other.pt") == 12
    assert computed("store", store=other_store(prepared, tmp_path / "store")) == 12
    assert load_head(tmp_path / "first" / "head.pt").state_dict().keys() == {"0.weight", "0.bias"}
    for name, value in load_head(tmp_path / "first" / "head.pt").state_dict().items():
        torch.testing.assert_close(value, load_head(tmp_path / "again" / "head.pt").state_dict()[name], rtol=0, atol=0)


@pytest.mark.parametrize("stage", ["pretrain", "head", "finetune", "supervised"])
def test_only_the_first_process_of_several_writes(prepared, tmp_path, monkeypatch, stage):
    out, small = tmp_path / "out", {"batch": 2} if stage == "pretrain" else {}
    if stage == "supervised":  # its network is full-sized
        monkeypatch.setattr("generation.tagging.clmr.supervised.WIDTHS", NARROW)
        monkeypatch.setattr(train_clmr._Training, "_supervised", train_clmr._Training._finetune)
        stage = "finetune"
    if stage == "pretrain":
        monkeypatch.setattr("generation.tagging.clmr.pretrain.SampleCNN", lambda widths: SampleCNN(widths=NARROW))
    monkeypatch.setenv("RANK", "1")
    assert run(*words(prepared, stage, out, **small)) == ""
    written = {path.name for path in out.glob("*")} if out.is_dir() else set()
    assert written <= {"last.pt"}  # by the trainer's own main process, which this one is
    monkeypatch.setenv("RANK", "0")
    assert "written to" in run(*words(prepared, stage, out, **small))
    assert {"results.json"} <= {path.name for path in out.glob("*")}


@pytest.mark.skipif(not FULL, reason="starts two processes that load torch; `make learning` runs it")
@pytest.mark.parametrize("stage", ["head", "finetune"])
def test_two_processes_write_one_set_of_files(prepared, tmp_path, stage):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "manage.py"]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    for _ in range(2):  # the second goes on
        done = subprocess.run(
            [*command, *map(str, words(prepared, stage, tmp_path / "out"))],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.count("written to") == 1
        assert done.stdout.count("test: ROC-AUC") == 1
    options = ClmrOptions(
        encoder=str(prepared / "encoder.pt" if stage == "head" else tmp_path / "out" / "encoder.pt"),
        head=str(tmp_path / "out" / "head.pt"),
    )
    assert build_tagger(options).vocabulary == ("high", "low")


def test_help_shows_the_defaults_of_each_option():
    shown = " ".join(train_clmr.Command().create_parser("manage.py", "train_clmr").format_help().split())
    for text in (
        "(default 100; head: 200)",
        "(default 48; head: 256)",
        "(default 0.0003; head: 0.001)",
        "(default 10)",
        "(GPU; default no)",
        "(default keep,",
        "steps between checkpoints (default 200)",
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("stage", "option"),
    [
        ("pretrain", ["--mlp"]),
        ("supervised", ["--encoder", __file__]),
        ("finetune", ["--temperature", "0.5"]),
        ("head", ["--precision", "bf16"]),
    ],
)
def test_an_option_without_effect_is_refused(prepared, tmp_path, stage, option):
    with pytest.raises(CommandError, match=f"{option[0]} has no effect on {stage}") as caught:
        run(*words(prepared, stage, tmp_path / "out"), *option)
    assert caught.value.returncode == 2


def test_memory_that_runs_out_names_the_option(prepared, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("generation.tagging.clmr.supervised.fit", full)
    with pytest.raises(CommandError, match="choose a smaller --batch") as caught:
        run(*words(prepared, "finetune", tmp_path / "out"))
    assert caught.value.returncode == 2


def test_an_evaluation_says_what_it_was_made_on_and_needs_its_own_split_only(prepared, tmp_path):
    run(*words(prepared, "head", tmp_path / "out"))
    tagger = ["--tagger", "clmr", "--checkpoint", prepared / "encoder.pt", "--head", tmp_path / "out" / "head.pt"]
    place = ["--store", prepared / "store", "--annotations", prepared / "annotations_final.csv"]
    run("evaluate_tagger", *place, *tagger, "--split", "train", "--untagged", "drop", "--json", tmp_path / "e.json")
    data = json.loads((tmp_path / "e.json").read_text())["evaluated_on"]
    assert (data["untagged"], data["clips"]["train"]["used"]) == ("drop", 3)
    assert data["annotations_sha256"] == file_digest(prepared / "annotations_final.csv")
