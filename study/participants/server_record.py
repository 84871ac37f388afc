"""What the server itself saw of a trial: when its page and its sound were first sent, and which images were.

Flags trust these before anything that the browser says. Each note is one small UPDATE, made after the response is on
its way (`study.survey.responses.after_sending`), and none at all for what was sent before. The other times are there
already: the events' `at` and the ballot's `received_at`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db.models import F, Max, Min
from django.utils import timezone

from study.ballots.table import in_batches
from study.coarse_times import hour_text, whole_seconds
from study.models import Event, Participant, Study, Trial

# A browser asks for the first two bytes to learn whether ranges are served; that is no listening.
PROBE_BYTES = 2


def records_what_is_sent(kind: str) -> bool:
    """Whether notes are kept of participants of this kind: simulated people fetch no sound and take no time."""
    return kind != Participant.Kind.SIMULATED


def note_page_sent(trial: Trial, at: datetime | None = None) -> None:
    """Note the first time that the trial's page was sent, also ahead of being shown."""
    if trial.images_sent is not None and trial.page_sent_at is None:
        unset = Trial.objects.filter(pk=trial.pk, page_sent_at__isnull=True)
        unset.update(page_sent_at=at or timezone.now())


def note_sound_sent(trial: Trial, size: int, at: datetime | None = None) -> None:
    """Note the first time that `size` bytes of the trial's sound were sent."""
    if trial.images_sent is not None and trial.sound_sent_at is None and size > PROBE_BYTES:
        unset = Trial.objects.filter(pk=trial.pk, sound_sent_at__isnull=True)
        unset.update(sound_sent_at=at or timezone.now())


def note_image_sent(trial: Trial, position: int, size: int) -> None:
    """Note that `size` bytes of the image at this position (from 0) were sent."""
    if trial.images_sent is not None and not trial.images_sent >> position & 1 and size > PROBE_BYTES:
        Trial.objects.filter(pk=trial.pk).update(images_sent=F("images_sent").bitor(1 << position))


def images_missing(trial: Trial) -> int | None:
    """How many of the trial's images were never sent; None if that was not recorded."""
    if trial.images_sent is None:
        return None
    return len(trial.position_order) - (trial.images_sent & (1 << len(trial.position_order)) - 1).bit_count()


COLUMNS = (
    "participant",
    "trial",
    "clip",
    "kind",
    "page_sent_at",
    "sound_sent_after",
    "images_sent",
    "images",
    "first_event_after",
    "last_event_after",
    "answer_received_after",
)


def server_rows(study: Study, kinds: tuple[str, ...]) -> Iterator[Mapping[str, str | int]]:
    """One row of `COLUMNS` for each trial that was sent or answered, for exports; what is not known is empty.

    `page_sent_at` is an hour of the server's clock, in UTC; what came `after` that sending is in whole seconds.
    `images_sent` counts the images that were sent, of `images`.
    """
    people = study.participants.filter(kind__in=kinds).exclude(status=Participant.Status.WITHDRAWN)
    clips = dict(study.clips.values_list("pk", "name"))
    for batch in in_batches(people.only("study", "kind", "number")):
        code_of = {person.pk: person.code for person in batch}
        events = Event.objects.filter(participant__in=list(code_of), trial__isnull=False).order_by()
        rows = events.values("trial").annotate(first=Min("at"), last=Max("at")).values_list("trial", "first", "last")
        event_times = {trial: (first, last) for trial, first, last in rows}
        trials = (
            Trial.objects.filter(participant__in=list(code_of))
            .exclude(page_sent_at=None, ballot=None)
            .annotate(answer_received_at=F("ballot__received_at"))
            .only("participant", "clip", "number", "kind", "position_order", *_SENT)
            .order_by("participant__number", "number")
        )
        for trial in trials:
            code, clip = code_of[trial.participant_id], clips.get(trial.clip_id, "")
            yield _row(trial, code, clip, *event_times.get(trial.pk, (None, None)))


_SENT = ("page_sent_at", "sound_sent_at", "images_sent")


def _row(
    trial: Trial, code: str, clip: str, first_event: datetime | None, last_event: datetime | None
) -> Mapping[str, str | int]:
    missing = images_missing(trial)

    def after(at: datetime | None) -> int | str:
        """Seconds since the page was first sent; a page that the browser had ready is shown later."""
        page = trial.page_sent_at
        return whole_seconds(None if at is None or page is None else (at - page).total_seconds())

    return {
        "participant": code,
        "trial": trial.number,
        "clip": clip,
        "kind": trial.kind,
        "page_sent_at": hour_text(trial.page_sent_at),
        "sound_sent_after": after(trial.sound_sent_at),
        "images_sent": "" if missing is None else len(trial.position_order) - missing,
        "images": len(trial.position_order),
        "first_event_after": after(first_event),
        "last_event_after": after(last_event),
        "answer_received_after": after(trial.answer_received_at),  # type: ignore[attr-defined]
    }
