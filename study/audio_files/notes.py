"""What is said about an odd file that was taken: on the page of the clips, by commands, in the tables of a data set."""

import math
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from study.audio_files.container import Note

_SENTENCES = {
    "no_length": gettext_noop("Its header gives no length: %(seconds)s s are there."),
    "more": gettext_noop("Its header says %(announced)s s; %(seconds)s s are there, and all of it is taken."),
    "no_start": gettext_noop("It begins in the middle of a recording: %(seconds)s s are there."),
    "no_end": gettext_noop("It has no end, as if it was cut off: %(seconds)s s are there."),
    "joined": gettext_noop("It is %(count)s recordings one after the other, together %(seconds)s s."),
    "garbage": gettext_noop("%(bytes)s bytes of it are no sound and were left out: %(seconds)s s are there."),
    "scaled": gettext_noop(
        "Its samples run to %(peak)g instead of 1: they are made %(decibels).1f dB softer before anybody hears them."
    ),
    "offset": gettext_noop("A constant offset of %(percent)g %% of full scale is taken out."),
    "opposite": gettext_noop(
        "Its channels cancel each other on one loudspeaker (opposite phase): channel %(channel)s alone is used."
    ),
    "quiet": gettext_noop(
        "It is quiet (%(level)s dBFS): the survey makes it 30 dB louder at most, so that people hear it quieter than "
        "other clips."
    ),
}


def sentence(note: Note) -> str:
    """Return what a note says, in the language of the reader; of a kind that is no longer known, its bare values."""
    text = _SENTENCES.get(note["kind"])
    if text is None:
        return str(note)
    decibels, percent = -20 * math.log10(note.get("factor", 1.0)), round(100 * note.get("offset", 0.0), 2)
    return _(text) % (note | {"decibels": decibels, "percent": percent})


def sentences(notes: Iterable[Note]) -> list[str]:
    """Return what each note says."""
    return [sentence(note) for note in notes]
