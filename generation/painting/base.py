"""The interface of all painters: the prompts of a clip in, their pictures out, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from PIL import Image


class PaintingError(Exception):
    """A painter could not paint; the message names the prompt or setting and how to fix it."""


class PromptTooLong(PaintingError):
    """A prompt has more tokens than the painter reads."""


@dataclass(frozen=True)
class Painted:
    """The pictures of one call, in the order of the prompts.

    `batch_sizes`: how many pictures went through the model together, batch after batch ((4,), or (2, 2) if memory
    ran out); empty for a painter without batches.
    """

    images: list[Image.Image]
    batch_sizes: tuple[int, ...] = ()


@runtime_checkable
class Painter(Protocol):
    """Paints the prompts of one clip together.

    `identity`: everything that names the painter and its settings, to make the same picture again (plain JSON values,
    stored in the stimulus's provenance). `token_limit`: the most tokens of a prompt, start and end tokens included, as
    `count_tokens` counts them.
    """

    @property
    def identity(self) -> dict[str, str]: ...

    @property
    def token_limit(self) -> int: ...

    def count_tokens(self, text: str) -> int: ...

    def paint(self, prompts: Sequence[str], *, seed: int, batch_sizes: Sequence[int] | None = None) -> Painted:
        """Paint a square RGB picture for each prompt, in the order given, all of one size.

        The same prompts and seed give the same pictures. The pictures of one call share their random draws, so that
        only their prompts make them differ. `batch_sizes` asks for the batches of an earlier call, to repeat its
        rounding exactly; by default all prompts are one batch if memory allows.

        Raises:
            PromptTooLong: a prompt has more than `token_limit` tokens. No prompt is ever cut.
        """
        ...


def prove(painter: Painter, prompts: Sequence[str]) -> dict[str, Any] | None:
    """Prove the painter's model by prompts of the study, once per load; returns the proof, None if it has no model.

    Raises:
        PaintingError: the model would paint wrongly.
    """
    prove_model = getattr(painter, "prove", None)
    return None if prove_model is None else prove_model(prompts)


def check_lengths(painter: Painter, prompts: Sequence[str]) -> None:
    """Raise PromptTooLong for the first prompt that is longer than the painter's limit."""
    for number, prompt in enumerate(prompts, start=1):
        tokens = painter.count_tokens(prompt)
        if tokens > painter.token_limit:
            raise PromptTooLong(
                f"Prompt {number} has {tokens} tokens, the painter reads {painter.token_limit}: "
                f"shorten '{prompt[:60]}…' or use fewer tags."
            )
