"""Listen to a clip: make the MP3 of the survey, detect voice, and tag.

The step has the parts "survey", "voice", "tags" and, with a second tagger, "redefined_tags". A part keeps its result if
its own inputs did not change. Imported predictions are looked up; the other parts share one decoding of the audio.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from generation.listening.audio import Audio, Excerpt, cut, decode, survey_mp3, waveform_peaks
from generation.listening.voice import detect_voice
from generation.runs import orphan_files
from generation.runs.conditions import is_ready_made
from generation.runs.steps import loaded_models
from generation.runs.steps.content import content_of
from generation.runs.steps.context import StepContext, StepOutcome
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings
from generation.study_files import predictions_for
from generation.tagging import ImportedOptions, Tagger, TaggerOptions
from generation.tagging.base import read_thresholds
from study.digests import canonical_digest
from study.models import Clip

VERSION = 2
OUTLINE_BARS = 60


def collect_inputs(context: StepContext) -> dict[str, Any]:
    """Collect the clip's digest, its excerpt and, by part, the options and files that its result depends on."""
    parts: dict[str, Any] = {"survey": {}}
    if context.conditions and not is_ready_made(context.clip):
        parts["voice"] = context.settings.voice.model_dump(mode="json")
        taggers = _taggers(context.settings).items()
        parts |= {part: content_of(options, context.digest) for part, options in taggers}
    # Absent for a whole file, as in the inputs of results from before there were excerpts, which stay current.
    heard = {} if context.clip.excerpt is None else {"excerpt": list(context.clip.excerpt)}
    return {"audio": context.clip.audio_digest, "parts": parts} | heard


def _taggers(settings: GenerationSettings) -> dict[str, TaggerOptions]:
    """Return the options of each tagger by the part that holds its result."""
    second = settings.redefined_tagger
    return {"tags": settings.tagger} | ({} if second is None else {"redefined_tags": second})


def run(context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
    """Listen for the parts with changed inputs; take over the results of the others."""
    before = context.step.result or {}
    sound = [inputs["audio"], *inputs.get("excerpt", ())]
    digests = {part: canonical_digest([VERSION, *sound, options]) for part, options in inputs["parts"].items()}
    kept = {part for part, digest in digests.items() if before.get("digests", {}).get(part) == digest}
    if not context.clip.survey_audio:
        kept.discard("survey")
    imported = _imported(context, set(digests) - kept)
    with _local_audio(context.clip) as path:
        todo = set(digests) - kept - set(imported)
        heard = listen(path, context.clip.name, todo, context.settings, context.clip.excerpt)
    result = {part: before[part] for part in kept} | imported | heard.record | {"digests": digests}
    files = [] if heard.mp3 is None else orphan_files.write([("mp3", heard.mp3)], lease_token)
    return StepOutcome(result, files)


def _imported(context: StepContext, parts: set[str]) -> dict[str, Any]:
    """Return the result of each part that is a table of imported predictions."""
    found = {}
    for part, options in _taggers(context.settings).items():
        if part in parts and isinstance(options, ImportedOptions):
            probabilities, identity = predictions_for(context.clip, options)
            with as_generation_error(context.clip.name):
                thresholds = read_thresholds(options.thresholds, list(probabilities)) if options.thresholds else ()
            found[part] = {
                "probabilities": probabilities,
                "thresholds": dict(zip(probabilities, thresholds, strict=False)),
                "tagger": identity,
            }
    return found


@contextmanager
def _local_audio(clip: Clip) -> Iterator[Path]:
    """Yield the path of the clip's audio on this machine, copied there if the storage is elsewhere."""
    try:
        yield Path(clip.audio.path)
    except NotImplementedError:
        with NamedTemporaryFile(suffix=Path(clip.audio.name or "").suffix) as copy, clip.audio.open("rb") as audio:
            for chunk in audio.chunks():
                copy.write(chunk)
            copy.flush()
            yield Path(copy.name)


@dataclass(frozen=True)
class ListeningResult:
    """The result of each part as plain data, and the MP3 if the part "survey" was asked for."""

    record: dict[str, Any]
    mp3: bytes | None = None


def listen(
    path: Path, name: str, parts: set[str], settings: GenerationSettings, excerpt: Excerpt = None
) -> ListeningResult:
    """Listen to an excerpt of a file for `parts`: "survey" (the level-matched MP3), "voice", "tags", "redefined_tags".

    The record of "survey" also has the outline of the whole file, from which another excerpt is chosen.
    """
    record: dict[str, Any] = {}
    mp3 = None
    with as_generation_error(name):
        whole = decode(path, name)
        audio = replace(whole, samples=cut(whole.samples, whole.sample_rate, excerpt))
        record["sound"] = list(audio.notes)
        if "survey" in parts:
            survey = survey_mp3(path, excerpt=excerpt)
            mp3 = survey.data
            record["survey"] = survey.record() | {"outline": waveform_peaks(audio.samples, OUTLINE_BARS)}
            if excerpt is not None:
                record["survey"]["file_outline"] = waveform_peaks(whole.samples, OUTLINE_BARS)
        if "voice" in parts:
            record["voice"] = detect_voice(audio.samples, audio.sample_rate, settings.voice).record()
        if "tags" in parts:
            record["tags"] = _predict(loaded_models.tagger_of(settings), audio)
        if "redefined_tags" in parts:
            record["redefined_tags"] = _predict(loaded_models.redefined_tagger_of(settings), audio)
    return ListeningResult(record, mp3)


def _predict(tagger: Tagger, audio: Audio) -> dict[str, Any]:
    probabilities = tagger.predict([audio.samples], audio.sample_rate)[0]
    return {
        "probabilities": {
            tag: round(float(probability), 5) for tag, probability in zip(tagger.vocabulary, probabilities, strict=True)
        },
        "thresholds": dict(zip(tagger.vocabulary, tagger.thresholds or (), strict=False)),
        "tagger": dict(tagger.identity),
    }


def save(context: StepContext, outcome: StepOutcome) -> list[str]:
    """Give the clip its MP3, duration, outline and notes; return the names of the replaced files."""
    clips = Clip.objects.filter(pk=context.clip.pk)
    survey = outcome.result["survey"]
    fields = {"survey_duration": survey["duration"], "outline": survey["outline"]}
    fields["file_outline"] = survey.get("file_outline", [])
    fields["audio_notes"] = outcome.result["sound"]
    replaced: list[str] = []
    if outcome.files:
        fields["survey_audio"] = outcome.files[0]
        replaced = list(clips.exclude(survey_audio="").values_list("survey_audio", flat=True))
    clips.update(**fields)
    return replaced
