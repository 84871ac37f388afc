"""Template filters for durations, shares and lists of tags."""

from django import template

from study.audio_files.container import Note
from study.audio_files.notes import sentences
from study.setup.clip_editing import in_seconds

register = template.Library()


@register.filter
def clock(seconds: float | None) -> str:
    """Format a duration as audio players do, cut to whole seconds: 89.6 → "1:29"."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}"


@register.filter
def seconds(milliseconds: int | None) -> str:
    """Format milliseconds as seconds without superfluous zeros: 1500 → "1.5"."""
    return "–" if milliseconds is None else in_seconds(milliseconds)


@register.filter
def share(part: float | None, whole: float | None) -> int:
    """Return `part` of `whole` as a whole percentage from 0 to 100."""
    if not part or not whole:
        return 0
    return max(0, min(100, round(100 * part / whole)))


@register.filter
def as_sentences(notes: list[Note]) -> list[str]:
    """Return what the notes on an audio file say."""
    return sentences(notes)
