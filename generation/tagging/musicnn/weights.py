"""Download musicnn's weights once, by pinned version and hash, and convert them into safetensors.

The wheel is not a dependency: it requires TensorFlow and an old NumPy, and only three of its files are needed.
"""

import ast
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from generation.tagging.base import TaggingError
from generation.tagging.files import MUSICNN_WEIGHTS
from generation.tagging.musicnn.bundle import BundleError, read_bundle
from study.digests import file_digest

REQUIREMENT = "musicnn==0.1.0"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"

_CONVOLUTIONS = (
    "timbral.0",
    "timbral.1",
    "temporal.0",
    "temporal.1",
    "temporal.2",
    "middle.0",
    "middle.1",
    "middle.2",
)
"""Our layer names in the order of the published graph (conv2d, conv2d_1 …)."""


def weights_path(folder: Path) -> Path:
    """The file of the converted weights in a weights folder."""
    return folder / MUSICNN_WEIGHTS


def ensure_weights(folder: Path, wheel: Path | None = None) -> Path:
    """Return the file of the converted weights; download and convert them first if it does not exist.

    The wheel (29 MB) comes through pip, with its configured index and proxy, unless `wheel` is the path of a copy.
    Raises TaggingError if the download fails or the wheel is not the pinned one; an interrupted conversion leaves no
    file.
    """
    path = weights_path(folder)
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wheel = wheel or _download(Path(scratch))
        digest = file_digest(wheel)
        if digest != WHEEL_SHA256:
            raise TaggingError(
                f"{wheel.name}: its SHA-256 is {digest}, not {WHEEL_SHA256} as pinned; "
                "the download is damaged or not the published file. Delete it and try again."
            )
        converted = Path(scratch) / MUSICNN_WEIGHTS
        _convert(wheel, converted)
        converted.replace(path)
    return path


def _download(folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "-r", str(requirements), "-d", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        reason = (result.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise TaggingError(
            f"musicnn's weights could not be downloaded ({reason}). They come once, from the Python package "
            f"index, as the wheel {REQUIREMENT}. Without a network: fetch it elsewhere with "
            f"`pip download --no-deps {REQUIREMENT}`, copy it here and run "
            "`python manage.py fetch_musicnn --wheel FILE`."
        )
    return wheels[0]


def _convert(wheel: Path, target: Path) -> None:
    from safetensors.numpy import save_file  # installed with the worker's packages only

    try:
        with zipfile.ZipFile(wheel) as archive:
            index = archive.read("musicnn/MTT_musicnn/.index")
            data = archive.read("musicnn/MTT_musicnn/.data-00000-of-00001")
            tags = _tags(archive.read("musicnn/configuration.py").decode())
        tensors = _renamed(read_bundle(index, data))
    except (KeyError, BundleError, zipfile.BadZipFile) as error:
        raise TaggingError(f"{wheel.name}: its weights cannot be read ({error})") from error
    save_file(tensors, target, metadata={"tags": json.dumps(tags), "source": f"{REQUIREMENT} MTT_musicnn"})


def _tags(source: str) -> list[str]:
    """The list MTT_LABELS of the wheel's configuration, read without running it."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MTT_LABELS":
            return list(ast.literal_eval(node.value))
    raise KeyError("MTT_LABELS")


def _renamed(variables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Convert to torch's names and layouts: kernels (height, width, in, out) → (out, in, height, width)."""
    tensors = {}
    norms = ["input_norm", *(f"{name}.norm" for name in _CONVOLUTIONS), "pool_norm", "dense_norm"]
    for number, name in enumerate(norms):
        source = "batch_normalization" + (f"_{number}" if number else "")
        tensors[f"{name}.weight"] = variables[f"{source}/gamma"]
        tensors[f"{name}.bias"] = variables[f"{source}/beta"]
        tensors[f"{name}.running_mean"] = variables[f"{source}/moving_mean"]
        tensors[f"{name}.running_var"] = variables[f"{source}/moving_variance"]
    for number, name in enumerate(_CONVOLUTIONS):
        source = "conv2d" + (f"_{number}" if number else "")
        kernel = variables[f"{source}/kernel"].transpose(3, 2, 0, 1)  # (out, 1, time, features)
        if name.startswith("middle"):  # one-dimensional here: the features are the channels
            kernel = kernel[:, 0].transpose(0, 2, 1)
        tensors[f"{name}.convolution.weight"] = kernel
        tensors[f"{name}.convolution.bias"] = variables[f"{source}/bias"]
    for source, name in (("dense", "dense"), ("dense_1", "output")):
        tensors[f"{name}.weight"] = variables[f"{source}/kernel"].T
        tensors[f"{name}.bias"] = variables[f"{source}/bias"]
    return {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
