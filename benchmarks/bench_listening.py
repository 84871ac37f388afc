"""Measure the speed of decoding, voice detection, taggers and training, side by side.

    python benchmarks/bench_listening.py [--clips N] [--out FILE.md]

The two ways of each pair are measured in one run on the same input, in turns; the best time counts. Sounds are
synthetic unless EARSIGHT_SHARED_DATA is the folder of real clips. `--gpu` measures training and inference on a GPU.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import soundfile
import torch

from generation.hardware import bfloat16_instructions, processor
from generation.listening.audio import decode, resample
from generation.listening.voice import detect_voice
from generation.tagging import TaggingError
from generation.tagging.clmr import SEGMENT, SampleCNN
from generation.tagging.clmr.augment import AugmentOptions, augment
from generation.tagging.clmr.heads import HeadOptions, Representations, train_head
from generation.tagging.clmr.loss import nt_xent
from generation.tagging.clmr.network import WIDTHS
from generation.tagging.clmr.pretrain import ContrastiveModel
from generation.tagging.clmr.runtime import Precision, build_encode, choose_precision
from generation.tagging.metrics import score_tagging

Row = tuple[str, str, str]
PRECISIONS: tuple[Precision, Precision] = ("float32", "bfloat16")


def in_turns(*functions: Callable[[], object], rounds: int = 4) -> list[float]:
    """The best time of each function in seconds; they run in turns, so that other load affects all equally."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for index, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[index] = min(best[index], time.perf_counter() - start)
    return best


def gflop_per_segment() -> float:
    """Multiply-adds of the encoder's convolutions, times two, in 1e9."""
    length, total = SEGMENT // 3, 2 * 3 * WIDTHS[0] * (SEGMENT // 3)
    for inputs, outputs in itertools.pairwise(WIDTHS[:-1]):
        total += 2 * 3 * inputs * outputs * length
        length //= 3
    return (total + 2 * 3 * WIDTHS[-2] * WIDTHS[-1]) / 1e9


def inference() -> list[Row]:
    """One clip's ten segments: the eager network as a batch, against ours, beside the processor's matrix multiply."""
    torch.manual_seed(0)
    encoder = SampleCNN().eval()
    segments = (0.3 * np.random.default_rng(0).standard_normal((10, SEGMENT))).astype(np.float32)
    batch = torch.from_numpy(segments)[:, None]
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    low_a, low_b = a.bfloat16(), b.bfloat16()

    def eager() -> np.ndarray:
        with torch.no_grad():
            return encoder.representation(batch).numpy()

    reference = eager()
    runs: list[tuple[str, Callable[[], np.ndarray]]] = []
    for runtime, precision in itertools.product(("torch", "openvino"), ("float32", "bfloat16")):
        try:
            encode, name = build_encode(encoder, runtime, precision)  # type: ignore[arg-type]
        except TaggingError as error:
            print(f"{runtime}: {error}", file=sys.stderr)
            continue
        runs.append((name, lambda encode=encode: encode(segments)))  # type: ignore[misc]
    times = in_turns(lambda: a @ b, lambda: low_a @ low_b, eager, *(run for _, run in runs), rounds=8)
    rates = {"float32": 2 * 2048**3 / times[0] / 1e9, "bfloat16": 2 * 2048**3 / times[1] / 1e9}
    work = 10 * gflop_per_segment()
    rows: list[Row] = [
        ("chosen by what the processor has", choose_precision("auto"), f"{bfloat16_instructions()} on {processor()}"),
    ]
    rows += [
        (f"matrix multiply, {precision} 2048 x 2048", f"{rate:.0f} GFLOP/s", "") for precision, rate in rates.items()
    ]
    rows.append(
        (
            f"SampleCNN, eager, one clip's ten segments as a batch ({work:.1f} GFLOP)",
            f"{times[2]:.3f} s a clip",
            f"{work / times[2] / rates['float32']:.2f} of the multiply in float32",
        )
    )
    for (name, run), seconds in zip(runs, times[3:], strict=True):
        precision = next(precision for precision in PRECISIONS if precision in name)
        difference = np.abs(run() - reference).max()
        rows.append(
            (
                f"SampleCNN, {name}",
                f"{seconds:.3f} s a clip, {times[2] / seconds:.1f} x eager, on {processor()}",
                f"{work / seconds / rates[precision]:.2f} of the multiply in {precision}; largest difference "
                f"{difference:.0e}, {difference / np.abs(reference).max():.0e} of the largest value",
            )
        )
    return rows


def lower_precision(clips: int = 160, classes: int = 8) -> list[Row]:
    """Does bfloat16 move the AUC? A linear head on the full encoder's representations of coloured noise.

    The encoder's weights are random, its normalisations fitted to the sounds as a training's would be (without that
    all sounds look alike to it, and any rounding is large beside their differences).
    """
    torch.manual_seed(0)
    encoder, rng = SampleCNN(), np.random.default_rng(0)
    kinds = np.arange(clips) % classes
    frequency = np.fft.rfftfreq(SEGMENT, 1 / 22_050)
    spectra = np.fft.rfft(rng.standard_normal((clips, SEGMENT)))
    centres = 500 + 300 * kinds + rng.normal(0, 250, clips)  # neighbours overlap, so that no AUC is 1
    spectra *= np.exp(-(((frequency - centres[:, None]) / 1500) ** 2))
    heard = np.fft.irfft(spectra, SEGMENT).astype(np.float32)
    heard /= 5 * heard.std(axis=1, keepdims=True)
    with torch.no_grad():
        encoder.train()
        for _ in range(30):
            encoder.representation(torch.from_numpy(heard[rng.choice(clips, 4)])[:, None])
    labels = np.eye(classes, dtype=np.uint8)[kinds]
    half = np.arange(clips) < clips // 2

    def cached(rows: np.ndarray) -> Representations:
        return Representations(rows, np.arange(len(rows) + 1), np.ones(len(rows), np.float32))

    exact, low = (build_encode(encoder.eval(), "auto", precision)[0](heard) for precision in PRECISIONS)
    tags = [str(kind) for kind in range(classes)]
    options = HeadOptions(learning_rate=1e-2, batch=32, patience=30)
    head, _ = train_head(cached(exact[half]), labels[half], cached(exact[~half]), labels[~half], tags, options)
    scores = [score_tagging(labels[~half], cached(rows[~half]).predict(head)) for rows in (exact, low)]
    return [
        (
            f"AUC of a head on the full encoder, {classes} kinds of noise, {PRECISIONS[0]} → {PRECISIONS[1]}",
            f"ROC {scores[0].roc_auc:.4f} → {scores[1].roc_auc:.4f}",
            f"PR {scores[0].pr_auc:.4f} → {scores[1].pr_auc:.4f}",
        )
    ]


def listening(count: int) -> list[Row]:
    """Decode, resample and voice activity, on one thread, over `count` clips; and its memory."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = make_clips(Path(folder))
        for file in files:
            _listen(file)  # loads the detector
        start, heard, early = time.process_time(), 0.0, 0.0
        for number in range(count):
            heard += _listen(files[number % len(files)])
            if number == min(100, count) - 1:
                early = _resident()
        seconds, late = time.process_time() - start, _resident()
    torch.set_num_threads(threads)
    speed = heard / seconds
    whole = 25_863 * 29.1 / speed / 60
    return [
        (
            f"decode + resample + voice activity, {count} clips, one core",
            f"{speed:.0f} x real time (CPU time)",
            f"25,863 clips: {whole:.0f} core-minutes; {early:.0f} MB in memory after 100 clips, {late:.0f} at the end",
        )
    ]


def _resident() -> float:
    """Megabytes of this process in memory now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def make_clips(folder: Path) -> list[Path]:
    """A dozen MP3 files of 29.1 s at 16 kHz, as MagnaTagATune's: cut from the real clips, or noise without them."""
    rng = np.random.default_rng(0)
    shared, length = os.environ.get("EARSIGHT_SHARED_DATA"), round(29.1 * 16_000)
    real = sorted((Path(shared) / "clips").iterdir()) if shared else []
    sounds = [
        resample(audio.samples, audio.sample_rate, 16_000)
        for audio in map(decode, real)
        if audio.duration > 20  # the sample of read speech is short, and no music
    ] or [0.1 * rng.standard_normal(length) for _ in range(3)]
    files = []
    for number in range(12):
        files.append(folder / f"made-{number}.mp3")
        sound = np.roll(np.resize(sounds[number % len(sounds)], length), int(rng.integers(length)))
        soundfile.write(files[-1], sound, 16_000)
    return files


def _listen(path: Path) -> float:
    audio = decode(path)
    detect_voice(resample(audio.samples, audio.sample_rate, 16_000), 16_000)
    return audio.duration


def head() -> list[Row]:
    """A linear head on cached representations of 18,706 clips of eleven segments, 50 tags."""
    rng = np.random.default_rng(0)

    def made(clips: int) -> tuple[Representations, np.ndarray]:
        starts = np.arange(clips + 1) * 11
        rows = rng.standard_normal((clips * 11, 512), dtype=np.float32)
        labels = (rows[::11, :50] + rng.standard_normal((clips, 50)) > 2).astype(np.uint8)
        rows[:, :50] = np.repeat(rows[::11, :50], 11, axis=0)
        return Representations(rows, starts, np.full(len(rows), 1 / 11, np.float32)), labels

    (train, labels), (valid, valid_labels) = made(18_706), made(1_825)
    start = time.perf_counter()
    _, result = train_head(train, labels, valid, valid_labels, [str(tag) for tag in range(50)], HeadOptions())
    seconds = time.perf_counter() - start
    return [("linear head, 18,706 clips x 50 tags", f"{seconds:.1f} s", f"{result.epochs} epochs, stopped early")]


def gpu(batch: int = 48) -> list[Row]:
    """Training steps and inference on a GPU, ours against the straightforward eager loop of the same batch."""
    device = torch.device("cuda")
    model = ContrastiveModel(SampleCNN(), 64).to(device)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), 3e-4)
    crops = torch.randn(2 * batch, SEGMENT) * 0.1
    generator = torch.Generator(device).manual_seed(0)

    def step(mixed: bool, augmented: bool) -> None:
        x = crops.to(device, non_blocking=True)
        if augmented:
            x = augment(x, 22_050, AugmentOptions(), generator)
        with torch.autocast("cuda", torch.bfloat16, enabled=mixed):
            z_i, z_j = model(x[:, None]).chunk(2)
        loss = nt_xent(z_i, z_j, 0.5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        torch.cuda.synchronize()

    step(False, True)
    times = in_turns(lambda: step(False, False), lambda: step(True, False), lambda: step(True, True), rounds=10)
    names = ("eager float32, no augmentation", "bfloat16, no augmentation", "bfloat16 with all augmentations")
    return [
        (
            f"training step, batch {batch}, {name}",
            f"{1 / seconds:.2f} steps/s",
            f"{batch / seconds:.0f} clips/s",
        )
        for name, seconds in zip(names, times, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=1000, help="clips of the listening pass")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = gpu() if options.gpu else [*inference(), *lower_precision(), *listening(options.clips), *head()]
    lines = [
        f"Machine: {processor()}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}; load at the start {os.getloadavg()[0]:.1f}.",
        "",
        "| what | result | beside it |",
        "|---|---|---|",
        *(f"| {what} | {result} | {beside} |" for what, result, beside in rows),
    ]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("# Listening: measured\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
