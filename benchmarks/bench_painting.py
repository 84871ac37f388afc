"""Compare four pictures in one batch with one call per picture, and measure the time outside the denoiser.

    python benchmarks/bench_painting.py                          a tiny Stable Diffusion on this processor
    python benchmarks/bench_painting.py --architecture sd15 sdxl     full size, random weights (wants a GPU)
    python benchmarks/bench_painting.py --model FOLDER --size 512 --steps 30      your own model
    python benchmarks/bench_painting.py --batches 1 2 4 8 16     what larger batches than a clip's would gain

Prints for each model: pictures per second and peak memory of both ways, the share of time outside the denoiser, and the
largest difference between their pictures. With --batches instead: pictures per second by size of batch, and how far a
picture then differs from itself painted alone. With --json FILE also as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.architectures import ARCHITECTURES, save_architecture  # noqa: E402
from generation.painting.diffusion import painter as diffusers_painter  # noqa: E402
from generation.painting.diffusion.options import DiffusersOptions  # noqa: E402
from generation.painting.diffusion.painter import DiffusersPainter  # noqa: E402

PROMPTS = [
    "drums, guitar, rock, fast",
    "A guitar and drums carry a fast rock tune.",
    "guitar, guitars, rock, loud",
    "A guitar and guitars shape a loud rock tune.",
]


def synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


@contextmanager
def denoiser_clock(painter: DiffusersPainter) -> Iterator[dict[str, float]]:
    """Count the seconds in the denoiser's forward passes."""
    pipeline = painter._model().pipeline
    denoiser = getattr(pipeline, "unet", None) or pipeline.transformer
    forward, clock = denoiser.forward, {"seconds": 0.0}

    def timed(*args: Any, **kwargs: Any) -> Any:
        synchronise()
        begun = time.perf_counter()
        result = forward(*args, **kwargs)
        synchronise()
        clock["seconds"] += time.perf_counter() - begun
        return result

    denoiser.forward = timed
    yield clock
    denoiser.forward = forward


def seconds(work: Callable[[], Any]) -> float:
    synchronise()
    begun = time.perf_counter()
    work()
    synchronise()
    return time.perf_counter() - begun


def own_seconds(work: Callable[[], Any]) -> float:
    """Return the processor's seconds without a GPU, which other load on the machine does not count into."""
    if torch.cuda.is_available():
        return seconds(work)
    begun = time.process_time()
    work()
    return time.process_time() - begun


def peak_memory() -> float:
    """Return the peak in GiB on the GPU since the last reset, or of the process since its start."""
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
        return peak
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def measure(options: DiffusersOptions, rounds: int) -> dict[str, Any]:
    """Return all figures of one model."""
    painter = DiffusersPainter(options)
    loading = seconds(painter._model)
    ways = {
        "one_batch": lambda seed: painter.paint(PROMPTS, seed=seed).images,
        "one_call_each": lambda seed: [painter.paint([prompt], seed=seed).images[0] for prompt in PROMPTS],
    }
    pictures = {name: [np.asarray(image, dtype=int) for image in work(0)] for name, work in ways.items()}
    pairs = zip(pictures["one_batch"], pictures["one_call_each"], strict=True)
    largest = max(int(np.abs(one - other).max()) for one, other in pairs)
    timings: dict[str, list[float]] = {name: [] for name in ways}
    memory: dict[str, float] = {}
    peak_memory()
    for round_ in range(1, rounds + 1):  # in turns, so that other load affects both
        for name, work in ways.items():
            timings[name].append(seconds(lambda work=work, round_=round_: work(round_)))
            memory[name] = peak_memory()
    with denoiser_clock(painter) as clock:
        whole = seconds(lambda: painter.paint(PROMPTS, seed=1))
    best = {name: min(times) for name, times in timings.items()}
    return {
        "pipeline": painter.identity["pipeline"],
        "size": options.size,
        "steps": options.steps,
        "dtype": painter.identity["dtype"],
        "hardware": diffusers_painter.hardware(painter._device),
        "torch": torch.__version__,
        "loaded_in_s": round(loading, 2),
        "pictures_a_second": {name: round(4 / statistics.median(times), 3) for name, times in timings.items()},
        "best_pictures_a_second": {name: round(4 / time_, 3) for name, time_ in best.items()},
        "batch_is_faster_by": round(best["one_call_each"] / best["one_batch"], 2),
        "batches": list(painter.paint(PROMPTS, seed=1).batch_sizes),
        "peak_memory_gib": {name: round(peak, 2) for name, peak in memory.items()},
        "outside_the_denoiser_percent": round(100 * (1 - clock["seconds"] / whole), 1),
        "largest_difference_of_a_pixel": largest,
    }


def measure_batches(options: DiffusersOptions, sizes: list[int], rounds: int) -> dict[str, Any]:
    """Return pictures per (processor) second by size of batch, and how far a picture is from itself painted alone.

    The pictures of one seed: what several clips in one batch would gain at most.
    """
    painter = DiffusersPainter(options)
    model = painter._model()
    prompts = [f"{prompt} {number}" for number in range(max(sizes)) for prompt in PROMPTS][: max(sizes)]
    alone = np.asarray(painter._paint_batch(model, prompts[:1], 1)[0], dtype=int)
    rates: dict[int, list[float]] = {size: [] for size in sizes}
    differences = {}
    for _ in range(rounds):  # in turns, so that other load affects all
        for size in sizes:
            found: list[Any] = []
            taken = own_seconds(
                lambda size=size, found=found: found.extend(painter._paint_batch(model, prompts[:size], 1))
            )
            rates[size].append(size / taken)
            differences[size] = int(np.abs(np.asarray(found[0], dtype=int) - alone).max())
    return {
        "size": options.size,
        "steps": options.steps,
        "hardware": diffusers_painter.hardware(painter._device),
        "pictures_a_second_by_batch": {size: round(max(found), 3) for size, found in rates.items()},
        "largest_difference_from_alone": differences,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a folder with your own diffusers model")
    parser.add_argument("--architecture", nargs="+", choices=ARCHITECTURES, default=["tiny"])
    parser.add_argument("--size", type=int, help="pixels; default: the architecture's own")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"))
    parser.add_argument("--batches", type=int, nargs="+", metavar="N", help="sizes of batches to compare instead")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    dtype = arguments.dtype or ("float16" if torch.cuda.is_available() else "float32")
    # Random weights may overflow and paint black, which does not matter for speed.
    diffusers_painter._refuse_withheld = lambda output: None
    results = {}
    for name in ["own"] if arguments.model else arguments.architecture:
        with tempfile.TemporaryDirectory() as scratch:
            _, size, steps, guidance = ARCHITECTURES.get(name, (None, 512, 30, 7.5))
            folder = arguments.model or str(save_architecture(Path(scratch) / "model", name, dtype))
            options = DiffusersOptions(
                model=folder,
                dtype=dtype,
                safety_checker=False,
                size=arguments.size or size,
                steps=arguments.steps or steps,
                guidance=guidance if arguments.guidance is None else arguments.guidance,
            )
            if arguments.batches:
                results[name] = measure_batches(options, arguments.batches, arguments.rounds)
            else:
                results[name] = measure(options, arguments.rounds)
        print(name)
        for key, value in results[name].items():
            print(f"  {key:30} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
