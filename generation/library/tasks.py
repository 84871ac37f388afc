"""Library passes on Celery. A message names a pass to continue; the pass's folder determines what is left to do.

A pass has no row; a file under EARSIGHT_DATA names each queued pass, so that workers find those without a message.
"""

import hashlib
import json
import time
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from celery import shared_task
from django.conf import settings
from pydantic import TypeAdapter

from generation.library.passes import abandoned_chunks, check_tagger, chunks_left, listen_to_free_chunk, tagger_content
from generation.runs.queueing import queue_name
from generation.tagging import Tagger, TaggerOptions, build_tagger
from study.background_work import lookout, messages
from study.background_work.clocks import TOLERANCE

# Messages under way for one pass, which is as many workers as can share it. More would delay the steps of studies.
MESSAGES = 32
# A pass in whose folder nothing has happened for so long, although messages were sent, has lost them: a chunk may take
# minutes, and messages may wait behind the steps of studies.
IDLE = timedelta(minutes=15)


@shared_task(name="generation.listen_to_chunk", acks_late=True, ignore_result=True)
def continue_pass(out: str, tagger_options: str) -> None:
    """Listen to one free chunk, then queue this task again, until no chunk is left."""
    options = TypeAdapter(TaggerOptions).validate_json(tagger_options)
    check_tagger(Path(out), options)
    if listen_to_free_chunk(Path(out), _tagger(options, tagger_content(options))):
        _send(out, tagger_options)


def queue_pass(out: Path, options: TaggerOptions) -> int:
    """Send messages for the chunks that are left; return how many chunks those are.

    Calling it again does no harm. If the broker is away, workers find the pass once it is back.
    """
    left = chunks_left(out)
    note = _notes() / f"{hashlib.sha256(str(out).encode()).hexdigest()[:16]}.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"out": str(out), "tagger": options.model_dump_json()}), encoding="utf-8")
    _send_all(str(out), options.model_dump_json(), len(left))
    return len(left)


def find_lost_passes(starting: bool) -> int:
    """Send messages again for the queued passes in whose folders nothing happens; return how many they are.

    Args:
        starting: a worker has just started; messages that a killed predecessor had fetched are lost.
    """
    found = 0
    for note in _notes().glob("*.json"):
        asked = json.loads(note.read_text(encoding="utf-8"))
        out = Path(asked["out"])
        left = set(chunks_left(out)) - set(abandoned_chunks(out)) if (out / "plan.json").is_file() else ()
        if not left:
            note.unlink(missing_ok=True)
            continue
        latest = max(map(_changed_at, (note, *out.glob("chunk-*"), *out.glob("lock-*"))))
        if time.time() - latest > (lookout.RESEND_AFTER if starting else IDLE).total_seconds():
            note.touch()
            _send_all(asked["out"], asked["tagger"], len(left))
            found += 1
    return found


lookout.register("library passes", find_lost_passes)


def _changed_at(path: Path) -> float:
    """When the file changed; if that is in the future, because the clock was set back, it has changed now."""
    at = path.stat().st_mtime if path.exists() else 0.0
    if at > time.time() + TOLERANCE.total_seconds():
        path.touch()
    return min(at, time.time())


def _notes() -> Path:
    return Path(settings.DATA_DIR) / "library_passes"


def _send_all(out: str, tagger_options: str, chunks: int) -> None:
    for _message in range(min(chunks, MESSAGES)):
        _send(out, tagger_options)


def _send(out: str, tagger_options: str) -> None:
    messages.send("generation.listen_to_chunk", (out, tagger_options), queue=queue_name("cpu"))


@lru_cache(maxsize=1)
def _tagger(options: TaggerOptions, content: str) -> Tagger:
    """Build the tagger once a worker process and `content`, since that takes longer than listening to a clip."""
    return build_tagger(options)
