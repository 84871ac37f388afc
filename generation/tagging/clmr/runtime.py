"""Compute representations at inference, with OpenVINO if it is installed, else with torch.

Both take float32 (segments, length) and return float32 (segments, dimensions). Batch normalisations are first folded
into their convolutions. The difference from the encoder itself is about 1e-6 in float32, and a few thousandths of the
largest value in bfloat16.
"""

import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn

from generation.hardware import bfloat16_instructions, processor
from generation.tagging.base import TaggingError
from generation.tagging.clmr.network import SampleCNN, channels_last, fold_norms

if TYPE_CHECKING:
    import openvino

Encode = Callable[[np.ndarray], np.ndarray]
Runtime = Literal["auto", "torch", "openvino"]
Precision = Literal["auto", "float32", "bfloat16"]

logger = logging.getLogger(__name__)

BATCH = 2
"""Segments at once in OpenVINO: with more, the activations of the first layers exceed the CPU's caches."""
_CHUNKS = 27
_TORCH_BATCH = 1
_GPU_BATCH = 64


def build_encode(encoder: SampleCNN, runtime: Runtime = "auto", precision: Precision = "float32") -> tuple[Encode, str]:
    """The function that computes representations, and the runtime's name for provenance.

    The runtime `auto` uses a GPU if there is one, else OpenVINO if it is installed, else torch on the CPU.

    The precision `auto` is bfloat16 where the processor or GPU has instructions for it, else float32. bfloat16 without
    them would be several times slower than float32, so that float32 is computed instead; name and log say so.

    Raises TaggingError if OpenVINO is requested but not installed.
    """
    if runtime == "auto":
        runtime = "torch" if torch.cuda.is_available() or find_spec("openvino") is None else "openvino"
    chosen = choose_precision(precision, gpu=runtime == "torch" and torch.cuda.is_available())
    encode, name = (_with_openvino if runtime == "openvino" else _with_torch)(encoder, chosen)
    if precision == "bfloat16" and chosen == "float32":
        name += " (no bfloat16 instructions)"
        logger.warning("%s has no instructions for bfloat16, so that float32 is faster and is used.", processor())
    logger.info("CLMR computes with %s, on %s.", name, processor())
    return encode, name


def choose_precision(precision: Precision, *, gpu: bool = False) -> Literal["float32", "bfloat16"]:
    """The precision to compute in: never bfloat16 where it would be slower than float32."""
    if precision == "float32":
        return "float32"
    native = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else bfloat16_instructions() is not None
    return "bfloat16" if native else "float32"


def _with_torch(encoder: SampleCNN, precision: str) -> tuple[Encode, str]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    number = torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device.type == "cuda":
        network, batch = fold_norms(encoder).to(device, number), _GPU_BATCH
    else:
        network, batch = channels_last(encoder).to(number), _TORCH_BATCH

    def encode(segments: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            parts = torch.from_numpy(np.ascontiguousarray(segments)).unsqueeze(1).split(batch)
            return torch.cat([network(part.to(device, number)).float().cpu() for part in parts]).numpy()

    return encode, f"torch {torch.__version__} {device.type} {precision}"


def _with_openvino(encoder: SampleCNN, precision: str) -> tuple[Encode, str]:
    try:
        import openvino
    except ImportError as error:
        raise TaggingError(
            "the runtime 'openvino' is not installed; pip install 'earsight[openvino]' or choose 'torch'"
        ) from error
    model = _openvino_model(encoder)
    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        },
    )
    request = compiled.create_infer_request()

    def encode(segments: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(segments), BATCH):
            part = segments[start : start + BATCH]
            filled = np.zeros((BATCH, 1, encoder.segment), np.float32)
            filled[: len(part), 0] = part
            parts.append(next(iter(request.infer([filled]).values()))[: len(part)].copy())
        return np.concatenate(parts)

    return encode, f"openvino {openvino.__version__.split('-')[0]} cpu {precision}"


def _openvino_model(encoder: SampleCNN) -> "openvino.Model":
    """Build the folded layers from OpenVINO's operations (its converter would trace the model and send telemetry).

    The activations of the stem and the first block are too large for a CPU's caches, so both are computed in chunks of
    time, which overlap by the samples that their convolutions need.
    """
    import openvino
    from openvino import opset13

    def convolve(node: Any, layer: nn.Module, padding: tuple[int, int]) -> Any:
        assert isinstance(layer, nn.Conv1d)
        assert layer.bias is not None, "folding gives every convolution a bias"
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        node = opset13.convolution(node, weight, list(layer.stride), [padding[0]], [padding[1]], [1])
        return opset13.relu(opset13.add(node, bias[None, :, None]))

    def pool(node: Any) -> Any:
        return opset13.max_pool(node, [3], [1], [0], [0], [3]).output(0)

    stem, *blocks = [layer for layer in fold_norms(encoder) if isinstance(layer, nn.Conv1d)]
    start = opset13.parameter([BATCH, 1, encoder.segment], np.float32)
    length = encoder.segment // 9  # of the first block's output
    chunks = _CHUNKS if length % _CHUNKS == 0 else 1
    parts = []
    for number in range(chunks):
        first, last = number == 0, number == chunks - 1
        begin = 9 * number * length // chunks - (0 if first else 3)
        end = 9 * (number + 1) * length // chunks + (0 if last else 3)
        chunk = opset13.slice(start, *(np.array([value]) for value in (begin, end, 1, 2)))
        parts.append(pool(convolve(convolve(chunk, stem, (0, 0)), blocks[0], (int(first), int(last)))))
    node = opset13.concat(parts, 2)
    for block in blocks[1:-1]:
        node = pool(convolve(node, block, (1, 1)))
    node = convolve(node, blocks[-1], (1, 1))
    node = opset13.reshape(node, np.array([BATCH, -1]), special_zero=False)
    return openvino.Model([node], [start], "SampleCNN")
