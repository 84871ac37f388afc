"""Import a zip of ready-made images as a worker does, and measure where the time goes.

    python benchmarks/ready_made_images.py [--clips 200] [--pixels 1024] [--processes 2]

A clip has four images, as PNG. Results: RESULTS-uploads.md.
"""

import argparse
import io
import os
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--pixels", type=int, default=1024, help="width and height of the files, and of the stimuli")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "EARSIGHT_DATA": folder}
        _measure(Path(folder), options.clips, options.pixels, options.processes)


def _measure(folder: Path, clips: int, pixels: int, processes: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from generation.ready_made import uploading
    from generation.settings_model import settings_of, store_settings
    from study.untrusted_files.uploads import LocalFile
    from tests.factories import StudyFactory

    call_command("migrate", verbosity=0)
    study = StudyFactory(conditions=4)
    settings = settings_of(study)
    painter = settings.painter.model_copy(update={"size": pixels})
    store_settings(study, settings.model_copy(update={"painter": painter}))
    for number in range(1, clips + 1):
        study.clips.create(
            number=number, name=f"c{number}.wav", audio_digest=f"{number:064}", duration=2, sample_rate=44100
        )
    zipped = _zip(folder / "images.zip", [row.key for row in study.conditions.all()], clips, pixels)
    spent = _Spent()
    for name in ("_store_picture", "_replace_stimuli"):
        spent.watch(uploading, name)
    began, before = time.perf_counter(), _processor_seconds()
    with LocalFile(zipped) as file:
        uploading.take_upload(study, [file], processes=processes)
    wall, processor = time.perf_counter() - began, _processor_seconds() - before
    images = 4 * clips
    print(f"{images} images of {pixels} pixels in a zip of {zipped.stat().st_size / 1e6:.0f} MB, {processes} processes")
    print(f"{wall:.1f} s ({1000 * wall / images:.0f} ms an image), processor time {processor:.1f} s")
    print("; ".join(f"{name} {seconds:.1f} s" for name, seconds in spent.seconds.items()))


def _processor_seconds() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


class _Spent:
    """Seconds that functions of a module took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def watch(self, module: Any, name: str) -> None:
        function = getattr(module, name)
        self.seconds[name] = 0.0

        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds[name] += time.perf_counter() - began

        setattr(module, name, timed)


def _zip(path: Path, keys: list[str], clips: int, pixels: int) -> Path:
    """Write pictures that compress as painted ones do: blurred colours with a little grain."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    files = []
    for _number in range(8):
        colours = Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).resize((pixels, pixels))
        grain = np.asarray(colours).astype(float) + rng.normal(0, 6, (pixels, pixels, 3))
        buffer = io.BytesIO()
        Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(buffer, "PNG", compress_level=1)
        files.append(buffer.getvalue())
    rows = ["clip,condition,file"]
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1, clips + 1):
            for place, key in enumerate(keys):
                name = f"{number}-{key}.png"
                archive.writestr(name, files[(number + place) % len(files)])
                rows.append(f"c{number}.wav,{key},{name}")
        archive.writestr("manifest.csv", "\n".join(rows))
    return path


if __name__ == "__main__":
    main()
