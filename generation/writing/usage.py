"""The cost of sentences: estimates, counts of tokens used, and spending caps."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from generation.writing.base import SpendingCapReached
from generation.writing.options import OpenAIOptions

EXPECTED_ANSWER_TOKENS = 60  # of a sentence as JSON, if the service does not count


@dataclass(frozen=True)
class Estimate:
    """The expected calls, tokens and cost of writing some tag sets.

    `calls` if every first answer can be used, `most_calls` if none can. `stored`: answers that cost nothing.

    Tokens are estimated from the length of the text (about four letters each in English); `cost` is in the
    currency of the prices in the options, at `calls`.
    """

    calls: int
    most_calls: int
    stored: int
    input_tokens: int
    output_tokens: int
    cost: float


@dataclass
class Usage:
    """Calls and tokens used, as the service counts them. Several threads may share one.

    A call is begun before it is made and ended with its count, so that a cap includes pending calls, each with the most
    tokens that it may use. Start with the tokens of the study's earlier runs, so that the cap holds for the study.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    stored: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False, compare=False)
    _pending: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False, compare=False)

    def begin_call(self, options: OpenAIOptions, input_tokens: int) -> int:
        """Reserve the tokens of one call, estimated input and longest answer; returns the number of the call.

        If the call would fit but for pending calls, wait until these end.

        Raises:
            SpendingCapReached: the call could exceed a cap.
        """
        most = (input_tokens, options.max_answer_tokens)
        with self._changed:
            while True:
                check_cap(options, (self.input_tokens, self.output_tokens), most)
                if fits_cap(options, [(self.input_tokens, self.output_tokens), *self._pending.values(), most]):
                    break
                self._changed.wait()
            number = next(self._numbers)
            self._pending[number] = most
        return number

    def end_call(self, number: int, input_tokens: int, output_tokens: int) -> None:
        """Count an answered call with the tokens that the service reports."""
        with self._changed:
            self._pending.pop(number, None)
            self.calls += 1
            self.input_tokens += input_tokens
            self.output_tokens += output_tokens
            self._changed.notify_all()

    def drop_call(self, number: int) -> None:
        """Release a call that got no answer."""
        with self._changed:
            self._pending.pop(number, None)
            self._changed.notify_all()

    def add_stored(self) -> None:
        with self._changed:
            self.stored += 1

    def cost(self, options: OpenAIOptions) -> float:
        return price(options, self.input_tokens, self.output_tokens)


def fits_cap(options: OpenAIOptions, tokens: Iterable[tuple[int, int]]) -> bool:
    """Whether the sum of (read, written) tokens is within the caps."""
    read, written = (sum(column) for column in zip(*tokens, strict=True))
    if options.token_cap is not None and read + written > options.token_cap:
        return False
    return options.spending_cap is None or price(options, read, written) <= options.spending_cap


def check_cap(options: OpenAIOptions, used: tuple[int, int], most: tuple[int, int]) -> None:
    """Refuse a call of up to `most` tokens (read, written) that could exceed a cap after `used`.

    Raises:
        SpendingCapReached
    """
    if fits_cap(options, [used, most]):
        return
    if options.token_cap is not None and sum(used) + sum(most) > options.token_cap:
        cap, spent = f"cap of {options.token_cap} tokens", f"{sum(used)} used"
    else:
        cap, spent = f"spending cap of {options.spending_cap:g}", f"{price(options, *used):.4f} used"
    raise SpendingCapReached(
        f"The next sentence could pass the {cap} ({spent}): raise the cap or stop here. Finished sentences are kept."
    )


def price(options: OpenAIOptions, input_tokens: int, output_tokens: int) -> float:
    return (
        input_tokens * options.price_per_million_input_tokens + output_tokens * options.price_per_million_output_tokens
    ) / 1_000_000


def estimate_tokens(text: str) -> int:
    """A cautious estimate without the model's tokenizer: four ASCII letters, or one other letter, are a token."""
    narrow = sum(character.isascii() for character in text)
    return -(-narrow // 4) + (len(text) - narrow) + 4
