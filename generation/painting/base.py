"""What every painter is: four prompts in, four pictures out, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from PIL import Image


class PaintingError(Exception):
    """A painter could not paint; the message says which prompt or setting and how to mend it."""


class PromptTooLong(PaintingError):
    """A prompt has more tokens than the painter reads."""


@runtime_checkable
class Painter(Protocol):
    """Paints the prompts of one clip together.

    `identity` names the painter well enough to make the same picture again (plain JSON values, kept
    in the stimulus's provenance). `token_limit` is how many tokens the painter reads of a prompt, with
    the marks for start and end counted; `count_tokens` counts in the same way.
    """

    @property
    def identity(self) -> dict[str, str]: ...

    @property
    def token_limit(self) -> int: ...

    def count_tokens(self, text: str) -> int: ...

    def paint(self, prompts: Sequence[str], *, seed: int) -> list[Image.Image]:
        """Square RGB pictures, one for each prompt in the order given; all of one size.

        The same prompts and seed give the same pictures. The pictures of one call start from one
        common draw, so that what differs between them is what the prompts say.

        Raises:
            PromptTooLong: a prompt has more than `token_limit` tokens. Nothing is cut in silence.
        """
        ...


def check_lengths(painter: Painter, prompts: Sequence[str]) -> None:
    """Raise `PromptTooLong` for the first prompt that the painter would have to cut."""
    for number, prompt in enumerate(prompts, start=1):
        tokens = painter.count_tokens(prompt)
        if tokens > painter.token_limit:
            raise PromptTooLong(
                f"Prompt {number} has {tokens} tokens, the painter reads {painter.token_limit}: "
                f"shorten '{prompt[:60]}…' or use fewer tags."
            )
