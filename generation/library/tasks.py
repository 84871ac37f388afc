"""The library pass on Celery: a message says which pass to go on with; the folder says what is left of it."""

from functools import lru_cache
from pathlib import Path

from celery import shared_task
from pydantic import TypeAdapter

from generation.library.passes import chunks_left, listen_to_free_chunk
from generation.runs.queueing import queue_name
from generation.tagging import Tagger, TaggerOptions, build_tagger

MESSAGES = 32
"""Messages under way for one pass: as many workers can be at it. More would only keep a study's own steps waiting."""


@shared_task(name="generation.listen_to_chunk", acks_late=True, ignore_result=True)
def listen_on(out: str, tagger_options: str) -> None:
    """Listens to a chunk that nobody is at, and goes to the end of the queue again until none is left."""
    if listen_to_free_chunk(Path(out), _tagger(tagger_options)):
        _send(out, tagger_options)


def queue_pass(out: Path, options: TaggerOptions) -> int:
    """Sends messages for the chunks that are left, and returns how many chunks those are.

    Calling it again, after lost messages or for no reason, does no harm.
    """
    left = chunks_left(out)
    for _ in left[:MESSAGES]:
        _send(str(out), options.model_dump_json())
    return len(left)


def _send(out: str, tagger_options: str) -> None:
    listen_on.apply_async((out, tagger_options), queue=queue_name("cpu"))


@lru_cache(maxsize=1)
def _tagger(options: str) -> Tagger:
    """Kept by the worker, since building one takes longer than a clip."""
    return build_tagger(TypeAdapter(TaggerOptions).validate_json(options))
