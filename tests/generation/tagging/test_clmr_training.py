"""CLMR's trainings, on small synthetic sounds where the right answer is known.

Each clip is a tone, a noise or a mixture, of its own pitch and colour, whose loudness pulses at one of four
rates. The label is the rate. Every augmentation keeps it; level, pitch and colour, which a spectrum shows,
say nothing about it. EARSIGHT_LEARNING_TEST=full takes more clips and epochs (`make learning`).
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from generation.tagging.base import TaggingError
from generation.tagging.clmr import SampleCNN
from generation.tagging.clmr.augment import AugmentOptions, augment
from generation.tagging.clmr.heads import HeadOptions, Representations, compute_representations, train_head
from generation.tagging.clmr.loss import nt_xent
from generation.tagging.clmr.pretrain import PretrainOptions, pretrain
from generation.tagging.clmr.runtime import build_encode
from generation.tagging.clmr.supervised import SupervisedOptions, train_on_tags
from generation.tagging.clmr.training import read_crops, write_results
from generation.tagging.metrics import score_tagging
from generation.tagging.store import ArrayClips

FULL = os.environ.get("EARSIGHT_LEARNING_TEST") == "full"
RATE = 4000
RATES = (5, 9, 16, 29)
WIDTHS = (8, 8, 8, 16, 16, 16, 32, 32)
SEGMENT = 3 ** (len(WIDTHS) - 1)  # 2,187 samples, 0.55 s


@pytest.fixture(autouse=True)
def _one_thread():
    """These networks are too small to share: more threads only wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pulsing_clips(count: int, seed: int) -> tuple[ArrayClips, np.ndarray]:
    """Clips of three segments and their labels (count, 4)."""
    rng = np.random.default_rng(seed)
    time = np.arange(3 * SEGMENT) / RATE
    labels = np.zeros((count, len(RATES)), int)
    clips = []
    for clip in range(count):
        kind = int(rng.integers(len(RATES)))
        labels[clip, kind] = 1
        pitch = np.exp(rng.uniform(np.log(200), np.log(800)))
        tone = sum(
            np.sin(2 * np.pi * k * pitch * time + rng.uniform(0, 6)) * rng.uniform(0.2, 1)
            for k in range(1, 5)
            if k * pitch < RATE / 2
        )
        mix = rng.uniform()
        wave = mix * tone / 2 + (1 - mix) * rng.standard_normal(len(time))
        beat = RATES[kind] * rng.uniform(0.93, 1.07)
        wave = wave * np.exp(-4 * ((time * beat + rng.uniform()) % 1))
        level = 0.1 * 10 ** (rng.uniform(-10, 10) / 20)
        clips.append((wave / np.sqrt((wave**2).mean()) * level).astype(np.float32))
    return ArrayClips(clips), labels


def mean_spectrum(segments: np.ndarray) -> np.ndarray:
    """The raw magnitude spectrum, mean over windows of 256 samples."""
    windows = segments[:, : SEGMENT // 256 * 256].reshape(len(segments), -1, 256)
    return np.abs(np.fft.rfft(windows)).mean(axis=1).astype(np.float32)


def linear_score(encode, tmp_path) -> float:
    """PR-AUC, macro, of a linear head on frozen representations: fit on 150 clips, tested on 200 others."""
    (train, train_labels), (valid, valid_labels), (test, test_labels) = (
        pulsing_clips(count, seed) for count, seed in ((150, 10), (60, 11), (200, 12))
    )
    rows = [
        compute_representations(encode, clips, SEGMENT, tmp_path / name)
        for name, clips in (("train", train), ("valid", valid), ("test", test))
    ]
    options = HeadOptions(batch=32, learning_rate=3e-3, epochs=60)
    head, _ = train_head(rows[0], train_labels, rows[1], valid_labels, [f"{rate} Hz" for rate in RATES], options)
    return score_tagging(test_labels, rows[2].predict(head)).pr_auc


@pytest.mark.timeout(900)
def test_contrastive_pretraining_beats_a_random_encoder_and_the_mean_spectrum(tmp_path):
    options = PretrainOptions(
        widths=WIDTHS,
        sample_rate=RATE,
        epochs=40 if FULL else 12,
        patience=40,
        batch=48,
        learning_rate=3e-3,
        seed=1,
    )
    clips, valid = pulsing_clips(800 if FULL else 400, 0)[0], pulsing_clips(64, 1)[0]
    encoder, result = pretrain(clips, valid, options, tmp_path / "run")
    torch.manual_seed(options.seed)
    untrained = SampleCNN(widths=WIDTHS).eval()
    learned = linear_score(build_encode(encoder, "torch")[0], tmp_path / "learned")
    random = linear_score(build_encode(untrained, "torch")[0], tmp_path / "random")
    spectrum = linear_score(mean_spectrum, tmp_path / "spectrum")
    print(f"PR-AUC: learned {learned:.3f}, random encoder {random:.3f}, mean spectrum {spectrum:.3f}")
    assert result.history[-1]["valid_loss"] < result.history[0]["valid_loss"] - 0.2
    assert learned > 0.9
    assert learned > random + 0.2
    assert learned > spectrum + 0.4


SMALL = PretrainOptions(widths=(4, 4, 4, 8, 8), sample_rate=RATE, epochs=3, batch=8, patience=9)


def assert_same_weights(one, other):
    for ours, theirs in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_a_killed_training_gives_the_same_result_as_an_uninterrupted_one(tmp_path):
    clips, valid = pulsing_clips(24, 0)[0], pulsing_clips(8, 1)[0]
    whole, result = pretrain(clips, valid, SMALL, tmp_path / "whole")
    pretrain(clips, valid, SMALL.model_copy(update={"epochs": 1}), tmp_path / "parts")
    parts, again = pretrain(clips, valid, SMALL, tmp_path / "parts")
    assert_same_weights(whole, parts)
    assert again.history == result.history
    assert again.steps == result.steps == 9


def test_a_training_killed_within_an_epoch_takes_the_same_steps_again(tmp_path, monkeypatch):
    clips, valid = pulsing_clips(24, 0)[0], pulsing_clips(8, 1)[0]
    options = SMALL.model_copy(update={"checkpoint_every": 2, "epochs": 2})
    whole, result = pretrain(clips, valid, options, tmp_path / "whole")
    calls = []

    def killed_at_the_sixth_step(z_i, z_j, temperature):
        calls.append(1)
        if len(calls) == 7:  # six steps and one validation: the last checkpoint is two steps ago
            raise KeyboardInterrupt
        return nt_xent(z_i, z_j, temperature)

    monkeypatch.setattr("generation.tagging.clmr.pretrain.nt_xent", killed_at_the_sixth_step)
    with pytest.raises(KeyboardInterrupt):
        pretrain(clips, valid, options, tmp_path / "parts")
    monkeypatch.undo()
    parts, again = pretrain(clips, valid, options, tmp_path / "parts")
    assert_same_weights(whole, parts)
    assert again.history == result.history


def test_dropout_of_a_resumed_training_is_that_of_an_uninterrupted_one(tmp_path, monkeypatch):
    """To the digit: weights, losses, head. Killed in the middle of an epoch, after a checkpoint."""
    clips, labels = pulsing_clips(24, 0)
    options = SupervisedOptions(widths=SMALL.widths, epochs=2, batch=8, dropout=0.5, checkpoint_every=1)

    def train(folder):
        return train_on_tags(clips, labels, clips, labels, options, tmp_path / folder)

    def train_killed(folder):
        calls, crops = [], read_crops

        def killed(*args):
            calls.append(1)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return crops(*args)

        with monkeypatch.context() as patch:
            patch.setattr("generation.tagging.clmr.supervised.read_crops", killed)
            with pytest.raises(KeyboardInterrupt):
                train(folder)
        return train(folder)

    (whole, head, result), (parts, head_again, again) = train("whole"), train_killed("parts")
    assert_same_weights(whole, parts)
    assert_same_weights(head, head_again)
    assert again.history == result.history
    monkeypatch.setattr("generation.tagging.clmr.training._seed_dropout", lambda seed: None)  # the control
    (whole, _, result), (parts, _, again) = train("whole-unseeded"), train_killed("parts-unseeded")
    assert again.history != result.history


@pytest.mark.parametrize("changed", ["annotations", "store", "split", "encoder"])
def test_a_training_on_something_else_in_the_same_folder_is_refused(tmp_path, changed):
    clips = pulsing_clips(16, 0)[0]
    options = SMALL.model_copy(update={"epochs": 1})
    inputs = dict.fromkeys(("annotations", "store", "split", "encoder"), "ab" * 32)
    pretrain(clips, clips, options, tmp_path, inputs=inputs)
    pretrain(clips, clips, options, tmp_path, inputs=inputs)  # the control: the same again
    with pytest.raises(TaggingError, match=rf"on something else \({changed} differ\)"):
        pretrain(clips, clips, options, tmp_path, inputs=inputs | {changed: "cd" * 32})
    with pytest.raises(TaggingError, match="on something else"):
        pretrain(clips, clips, options, tmp_path)


TWO_PROCESSES = """
import sys
from pathlib import Path
import numpy as np, torch
from pathlib import Path
from generation.tagging.clmr.pretrain import PretrainOptions, pretrain
from generation.tagging.clmr.training import make_accelerator
from generation.tagging.store import ArrayClips
torch.set_num_threads(1)
rng = np.random.default_rng(0)
clips = ArrayClips([rng.standard_normal(600).astype(np.float32) for _ in range(16)])
options = PretrainOptions(widths=(4, 4, 4, 8, 8), sample_rate=4000, epochs=2, batch=8)
accelerator = make_accelerator(options)
encoder, result = pretrain(clips, clips, options, Path(sys.argv[1]), accelerator=accelerator)
place = f"{sys.argv[1]}-{accelerator.process_index}"
torch.save([encoder.state_dict(), result.history, accelerator.num_processes], place)
"""


@pytest.mark.skipif(not FULL, reason="starts two processes that load torch; `make learning` runs it")
def test_two_processes_train_one_network(tmp_path):
    """Weights, running statistics and the losses that decide when to stop are the same in both."""
    (tmp_path / "train.py").write_text(TWO_PROCESSES)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true",
        "PYTHONPATH": str(Path.cwd()),
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run(
        [*command, tmp_path / "train.py", tmp_path / "run"], check=True, env=environment, capture_output=True
    )
    (one, one_history, count), (other, other_history, _) = (
        torch.load(tmp_path / f"run-{rank}", weights_only=True) for rank in (0, 1)
    )
    assert count == 2
    assert one_history == other_history
    for ours, theirs in zip(one.values(), other.values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_other_settings_in_the_same_folder_are_refused(tmp_path):
    clips = pulsing_clips(16, 0)[0]
    options = SMALL.model_copy(update={"epochs": 1})
    pretrain(clips, clips, options, tmp_path)
    with pytest.raises(TaggingError, match=r"other settings \(temperature\)"):
        pretrain(clips, clips, options.model_copy(update={"temperature": 0.1}), tmp_path)


def test_training_stops_early_and_keeps_the_best_epoch(tmp_path):
    clips, _ = pulsing_clips(24, 0)
    options = SupervisedOptions(widths=SMALL.widths, epochs=60, batch=8, patience=2, learning_rate=0.05, dropout=0.0)
    noise = np.random.default_rng(0).integers(0, 2, (24, 4))  # nothing to learn, so it soon gets worse
    _, _, result = train_on_tags(clips, noise, *pulsing_clips(16, 3), options, tmp_path)
    assert result.stopped_early
    assert result.epochs == result.best_epoch + 2
    assert result.best_valid_loss == min(row["valid_loss"] for row in result.history)


def test_the_whole_network_learns_from_tags_and_its_last_layer_is_the_head(tmp_path):
    clips, labels = pulsing_clips(24, 0)
    options = SupervisedOptions(widths=SMALL.widths, epochs=2, batch=8)
    encoder, head, _ = train_on_tags(
        clips, labels, clips, labels, options, tmp_path, encoder=SampleCNN(4, widths=SMALL.widths)
    )
    x = torch.randn(2, 1, encoder.segment)
    torch.testing.assert_close(head(encoder.representation(x)), encoder(x))


def test_results_name_the_exact_settings(tmp_path):
    clips = pulsing_clips(16, 0)[0]
    options = SMALL.model_copy(update={"epochs": 1})
    _, result = pretrain(clips, clips, options, tmp_path)
    write_results(tmp_path / "results.json", result.record(options, test=float("nan")))
    text = (tmp_path / "results.json").read_text()
    assert '"temperature": 0.5' in text
    assert '"pitch": 0.6' in text
    assert '"test": null' in text


def test_only_the_samples_of_a_crop_are_read():
    class Watched:
        reads = []

        def __len__(self):
            return 1

        def length(self, index):
            return 1_000_000

        def read(self, index, start=0, count=None):
            self.reads.append(count)
            return np.full(count, start, np.float32)

    crops = read_crops(Watched(), [0, 0], 243, seed=0, views=2)
    assert crops.shape == (4, 243)
    assert Watched.reads == [243] * 4
    assert len(np.unique(crops[:, 0])) == 4


@pytest.mark.parametrize("mlp", [None, 16])
def test_a_head_takes_unscaled_representations(mlp):
    """Training standardises them; the head that comes out must not need that."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 16)).astype(np.float32)
    labels = np.stack([rows[:, 0] > 0, rows[:, 1] + rows[:, 2] > 0.5], axis=1).astype(int)
    rows = rows * np.geomspace(0.01, 100, 16, dtype=np.float32) + 5
    everything = Representations(rows, np.arange(301), np.ones(300, np.float32))
    options = HeadOptions(hidden=mlp, batch=32, learning_rate=0.02, epochs=60)
    head, result = train_head(everything, labels, everything, labels, ["a", "b"], options)
    assert score_tagging(labels, everything.predict(head)).roc_auc > 0.97
    assert head.tags == ("a", "b")
    assert all(0 < threshold < 1 for threshold in head.thresholds)
    assert result.history[-1]["valid_loss"] < result.history[0]["valid_loss"]


class TestAugmentation:
    OFF = AugmentOptions(polarity=0, noise=0, gain=0, filter=0, delay=0, pitch=0, reverb=0)

    def view(self, x, seed=0, **on):
        options = self.OFF.model_copy(update=on)
        return augment(x, RATE, options, torch.Generator().manual_seed(seed))

    @pytest.fixture
    def x(self):
        time = torch.arange(4 * RATE) / RATE
        return 0.3 * torch.sin(2 * torch.pi * 400 * time).repeat(64, 1)

    def test_the_probabilities_are_the_published_ones(self):
        published = {"polarity": 0.8, "noise": 0.01, "gain": 0.3, "filter": 0.8, "delay": 0.3, "pitch": 0.6}
        published["reverb"] = 0.6
        assert AugmentOptions().model_dump(include=set(published)) == published

    def test_nothing_on_changes_nothing(self, x):
        torch.testing.assert_close(self.view(x), x, atol=1e-5, rtol=0)

    def test_the_same_seed_makes_the_same_views(self, x):
        on = AugmentOptions()
        a, b = (augment(x, RATE, on, torch.Generator().manual_seed(5)) for _ in range(2))
        torch.testing.assert_close(a, b)
        assert torch.isfinite(a).all()

    def test_polarity_turns_the_stated_share_over(self, x):
        turned = (self.view(x, polarity=0.8) * x).sum(dim=1) < 0
        assert 0.65 < turned.float().mean() < 0.95

    def test_gain_only_makes_quieter(self, x):
        ratio = 20 * torch.log10(self.view(x, gain=1.0).std(dim=1) / x.std(dim=1))
        assert ratio.max() <= -0.99
        assert ratio.min() >= -20.01

    def test_filters_take_away_and_leave_no_nan(self):
        noise = torch.randn(64, 8000)
        filtered = augment(noise, 22_050, self.OFF.model_copy(update={"filter": 1.0}), torch.Generator().manual_seed(0))
        assert (filtered.std(dim=1) < noise.std(dim=1)).all()

    def test_an_echo_comes_after_200_to_500_ms(self):
        click = torch.zeros(64, RATE)
        click[:, 10] = 1.5
        echo = self.view(click, delay=1.0)
        echo[:, :20] = 0
        seconds = (echo.argmax(dim=1) - 10) / RATE
        assert 0.2 <= seconds.min() <= seconds.max() <= 0.5

    def test_a_pitch_shift_moves_the_pitch_by_semitones_and_keeps_the_length(self, x):
        shifted = self.view(x, pitch=1.0)
        assert shifted.shape == x.shape
        pitch = torch.fft.rfft(shifted).abs().argmax(dim=1) / 4
        semitones = 12 * torch.log2(pitch / 400)
        assert (semitones.round().abs() >= 1).all()
        assert (semitones.round().abs() <= 7).all()
        assert (semitones - semitones.round()).abs().max() < 0.15

    def test_reverberation_rings_after_the_sound(self):
        x = torch.zeros(16, 2 * RATE)
        x[:, :400] = torch.randn(16, 400)
        wet = self.view(x, reverb=1.0)
        assert (wet[:, 500:1000].abs().mean(dim=1) > 1e-4).all()
