"""The training loop that all trainings of CLMR share: several GPUs, mixed precision, resuming, early stopping.

All randomness of step k comes from (seed, k), dropout included, so that a run that was killed and resumed takes the
same steps as one without interruption. A run is resumed only on what it was trained on before.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from generation.tagging.base import TaggingError
from generation.tagging.clmr.checkpoints import load_checkpoint
from generation.tagging.files import replace_file
from generation.tagging.store import ClipSource


class TrainingOptions(BaseModel):
    """Settings that all trainings share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(default=100, ge=1, description="Most passes over the training clips.")
    batch: int = Field(default=48, ge=2, description="Clips per step, over all devices together.")
    learning_rate: float = Field(default=3e-4, gt=0, description="Adam's learning rate.")
    weight_decay: float = Field(default=0.0, ge=0, description="Adam's weight decay.")
    patience: int = Field(default=10, ge=1, description="Epochs without a lower validation loss until training stops.")
    seed: int = Field(default=0, ge=0, description="Everything random comes from it.")
    precision: Literal["no", "fp16", "bf16"] = Field(default="no", description="Mixed precision.")
    checkpoint_every: int = Field(default=200, ge=1, description="Steps between checkpoints.")


@dataclass
class TrainingProgress:
    """The state of a training, reported after each epoch and every few seconds within one."""

    epoch: int
    step: int
    loss: float
    valid_loss: float | None
    clips_per_second: float


@dataclass
class TrainingResult:
    """The course of a training; `record` returns the content of the results file."""

    epochs: int
    steps: int
    best_epoch: int
    best_valid_loss: float
    stopped_early: bool
    seconds: float
    history: list[dict[str, float]] = field(default_factory=list)

    def record(self, settings: BaseModel, **facts: Any) -> dict[str, Any]:
        """The result as JSON-able data, with the exact settings and further `facts`."""
        return {"settings": settings.model_dump(), **facts, **self.__dict__, "torch": torch.__version__}


StepLoss = Callable[[nn.Module, np.ndarray, int], Tensor]
"""(model, row numbers of the batch, seed of the step) → loss."""


def fit(
    model: nn.Module,
    clips: int,
    step_loss: StepLoss,
    valid_loss: Callable[[nn.Module], float],
    options: TrainingOptions,
    folder: Path,
    *,
    accelerator: Accelerator,
    inputs: Mapping[str, str] | None = None,
    on_progress: Callable[[TrainingProgress], None] | None = None,
) -> TrainingResult:
    """Train `model` in place; at the end it has the weights of the epoch with the lowest validation loss.

    A checkpoint `last.pt` is written to `folder` every `checkpoint_every` steps and after each epoch. The next call
    resumes from it; its options must be the same but for `epochs`, `patience` and `checkpoint_every`, and so must the
    number of processes and its `inputs`: what is trained on (name → digest). Raises TaggingError if one of them
    differs, or the loss is no longer finite.
    """
    batch = min(options.batch, clips)
    steps_per_epoch = clips // batch  # clips left over come in other epochs, in another order
    if batch < 2 or batch < accelerator.num_processes:
        raise TaggingError(f"{clips} clips are too few to train on; at least two per device are needed.")
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=options.learning_rate, weight_decay=options.weight_decay)
    model_wrapped, optimizer = accelerator.prepare(model, optimizer)
    inputs = {**(inputs or {}), "number of processes": str(accelerator.num_processes)}
    state = _State.resume(folder, options, inputs, model, optimizer, accelerator)
    began, last_report, last_step = time.monotonic(), time.monotonic(), state.step
    while not state.finished and state.step < options.epochs * steps_per_epoch:
        epoch, within = divmod(state.step, steps_per_epoch)
        order = np.random.default_rng([options.seed, epoch]).permutation(clips)
        rows = order[within * batch : (within + 1) * batch]
        share = np.array_split(rows, accelerator.num_processes)[accelerator.process_index]
        model_wrapped.train()
        seed = _step_seed(options.seed, state.step, accelerator.process_index)
        _seed_dropout(seed)
        loss = step_loss(model_wrapped, share, seed)
        optimizer.zero_grad()
        accelerator.backward(loss)
        optimizer.step()
        state.add(float(loss.detach()))
        epoch_done = state.step % steps_per_epoch == 0
        valid = None
        if epoch_done:
            model.eval()
            valid = _valid_loss_of_all(model, valid_loss, accelerator)
            state.close_epoch(valid, model, options.patience)
        now = time.monotonic()
        if on_progress and accelerator.is_main_process and (epoch_done or now - last_report > 5):
            rate = (state.step - last_step) * batch / max(now - last_report, 1e-9)
            on_progress(TrainingProgress(epoch + 1, state.step, state.recent, valid, rate))
            last_report, last_step = now, state.step
        if epoch_done or state.step % options.checkpoint_every == 0:
            state.save(folder, options, inputs, model, optimizer, accelerator)
    model.load_state_dict(state.best_weights or model.state_dict())
    model.eval()
    return TrainingResult(
        epochs=len(state.history),
        steps=state.step,
        best_epoch=state.best_epoch,
        best_valid_loss=state.best,
        stopped_early=state.finished,
        seconds=round(state.seconds + time.monotonic() - began, 1),
        history=state.history,
    )


def _valid_loss_of_all(model: nn.Module, valid_loss: Callable[[nn.Module], float], accelerator: Accelerator) -> float:
    """Share the main process's validation loss and running statistics, so that all processes stop in one epoch."""
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            buffer.copy_(broadcast(buffer.clone()))
    loss = torch.tensor(valid_loss(model), dtype=torch.float64, device=accelerator.device)
    return float(broadcast(loss)) if accelerator.num_processes > 1 else float(loss)


@dataclass
class _State:
    """The state of a training between steps."""

    step: int = 0
    best: float = float("inf")
    best_epoch: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    finished: bool = False
    seconds: float = 0.0
    _opened: float = field(default_factory=time.monotonic)

    @property
    def recent(self) -> float:
        """Mean loss of the last steps."""
        window = self.losses[-50:] or [row["loss"] for row in self.history[-1:]]
        return float(np.mean(window)) if window else float("nan")

    def add(self, loss: float) -> None:
        if not np.isfinite(loss):
            raise TaggingError(
                f"the loss is no longer a number at step {self.step}; try a lower learning rate, or precision 'no'."
            )
        self.step += 1
        self.losses.append(loss)

    def close_epoch(self, valid: float, model: nn.Module, patience: int) -> None:
        self.history.append({"loss": float(np.mean(self.losses)), "valid_loss": valid})
        self.losses = []
        if valid < self.best:
            self.best, self.best_epoch = valid, len(self.history)
            self.best_weights = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
        self.finished = len(self.history) - self.best_epoch >= patience

    def save(
        self,
        folder: Path,
        options: TrainingOptions,
        inputs: Mapping[str, str],
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        accelerator: Accelerator,
    ) -> None:
        if not accelerator.is_main_process:
            return
        content = {
            "options": options.model_dump(),
            "inputs": dict(inputs),
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scaler": accelerator.scaler.state_dict() if accelerator.scaler is not None else None,
            "best_weights": self.best_weights,
            "history": self.history,
            "losses": self.losses,
            "numbers": {
                "step": self.step,
                "best": self.best,
                "best_epoch": self.best_epoch,
                "seconds": self.seconds + time.monotonic() - self._opened,
            },
        }
        replace_file(folder / "last.pt", lambda part: torch.save(content, part))

    @classmethod
    def resume(
        cls,
        folder: Path,
        options: TrainingOptions,
        inputs: Mapping[str, str],
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        accelerator: Accelerator,
    ) -> "_State":
        path = folder / "last.pt"
        if not path.is_file():
            return cls()
        content = load_checkpoint(path)
        may_differ = {"epochs", "patience", "checkpoint_every"}
        then, now = content["options"], options.model_dump()
        changed = sorted(key for key in now if key not in may_differ and then.get(key) != now[key])
        if changed:
            raise TaggingError(
                f"{folder}: holds a training with other settings ({', '.join(changed)}); "
                "name another folder, or delete it to start again."
            )
        trained_on = content.get("inputs", {})
        others = sorted(name for name in {*inputs, *trained_on} if inputs.get(name) != trained_on.get(name))
        if others:
            raise TaggingError(
                f"{folder}: holds a training on something else ({', '.join(others)} differ); go on with the same, name "
                "another folder, or delete it to start again."
            )
        model.load_state_dict(content["model"])
        optimizer.load_state_dict(content["optimizer"])
        if accelerator.scaler is not None and content["scaler"]:
            accelerator.scaler.load_state_dict(content["scaler"])
        state = cls(
            best_weights=content["best_weights"],
            history=content["history"],
            losses=content["losses"],
            **content["numbers"],
        )
        state.finished = bool(state.history) and len(state.history) - state.best_epoch >= options.patience
        return state


def read_crops(
    source: ClipSource, rows: Sequence[int] | np.ndarray, length: int, seed: int, views: int = 1
) -> np.ndarray:
    """Random crops: float32 (views · rows, length), all first views, then all second ones.

    Reads only the crop from the file; a clip shorter than a crop is repeated until it fills one.
    """
    rng = np.random.default_rng(seed)
    crops = np.empty((views * len(rows), length), np.float32)
    for place, row in enumerate(np.tile(rows, views)):
        available = source.length(int(row))
        if available <= length:
            crops[place] = np.resize(source.read(int(row)), length)
        else:
            crops[place] = source.read(int(row), int(rng.integers(available - length + 1)), length)
    return crops


def make_accelerator(options: TrainingOptions) -> Accelerator:
    """The accelerator that spreads a training over the devices of `accelerate launch`."""
    return Accelerator(mixed_precision=options.precision)


def write_results(path: Path, record: dict[str, Any]) -> None:
    """Write the results as JSON; numbers that are not finite become null."""

    def finite(value: Any) -> Any:
        if isinstance(value, float) and not np.isfinite(value):
            return None
        if isinstance(value, dict):
            return {key: finite(entry) for key, entry in value.items()}
        return [finite(entry) for entry in value] if isinstance(value, list | tuple) else value

    text = json.dumps(finite(record), indent=2, allow_nan=False) + "\n"
    replace_file(path, lambda part: part.write_text(text))


def _seed_dropout(seed: int) -> None:
    """Seed torch's own generators, since dropout takes no other; not by the number that crops and views come from."""
    torch.manual_seed(seed + 1)


def _step_seed(seed: int, step: int, process: int) -> int:
    return int(np.random.SeedSequence([seed, step, process]).generate_state(1, np.uint64)[0] >> 1)
