"""Library passes on Celery. A message names a pass to continue; the pass's folder determines what is left to do."""

from functools import lru_cache
from pathlib import Path

from celery import shared_task
from pydantic import TypeAdapter

from generation.library.passes import check_tagger, chunks_left, listen_to_free_chunk, tagger_content
from generation.runs.queueing import queue_name
from generation.tagging import Tagger, TaggerOptions, build_tagger

# Messages under way for one pass, which is as many workers as can share it. More would delay the steps of studies.
MESSAGES = 32


@shared_task(name="generation.listen_to_chunk", acks_late=True, ignore_result=True)
def continue_pass(out: str, tagger_options: str) -> None:
    """Listen to one free chunk, then queue this task again, until no chunk is left."""
    options = TypeAdapter(TaggerOptions).validate_json(tagger_options)
    check_tagger(Path(out), options)
    if listen_to_free_chunk(Path(out), _tagger(options, tagger_content(options))):
        _send(out, tagger_options)


def queue_pass(out: Path, options: TaggerOptions) -> int:
    """Send messages for the chunks that are left; return how many chunks those are.

    Calling it again, for instance after messages were lost, does no harm.
    """
    left = chunks_left(out)
    for _ in left[:MESSAGES]:
        _send(str(out), options.model_dump_json())
    return len(left)


def _send(out: str, tagger_options: str) -> None:
    continue_pass.apply_async((out, tagger_options), queue=queue_name("cpu"))


@lru_cache(maxsize=1)
def _tagger(options: TaggerOptions, content: str) -> Tagger:
    """Build the tagger once a worker process and `content`, since that takes longer than listening to a clip."""
    return build_tagger(options)
