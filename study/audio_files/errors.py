"""The error of an audio file that cannot be used, and the messages that several kinds of file share."""

from django.utils.translation import gettext as _

from study.errors import StudyError


class AudioError(StudyError, ValueError):
    """An audio file that cannot be used; the message names the file and what to do."""


def no_codec(name: str, kind: str, codec: str) -> AudioError:
    """Return the error of a codec that is not read."""
    return AudioError(
        _("%(file)s is %(kind)s with the codec %(codec)s, which is not read. Save it as WAV (PCM), FLAC, OGG or MP3.")
        % {"file": name, "kind": kind, "codec": codec}
    )


def damaged(name: str) -> AudioError:
    """Return the error of a file in which something is broken."""
    return AudioError(
        _("%(file)s is damaged or cut off: a part of its sound cannot be decoded. Copy or export it again.")
        % {"file": name}
    )


def no_sound(name: str) -> AudioError:
    """Return the error of a file without a single sample."""
    return AudioError(_("%(file)s holds no sound (0 seconds), or was cut off. Export it again.") % {"file": name})


def changes(name: str) -> AudioError:
    """Return the error of a file whose parts do not have the same sample rate and channels."""
    return AudioError(
        _(
            "%(file)s changes its sample rate or channels on the way. Open it in an audio editor and export it as one "
            "WAV or FLAC."
        )
        % {"file": name}
    )


def too_many_channels(name: str, channels: int, limit: int) -> AudioError:
    """Return the error of a file with more channels than are taken."""
    return AudioError(
        _("%(file)s has %(n)d channels; at most %(limit)d are taken. Mix it down to two first.")
        % {"file": name, "n": channels, "limit": limit}
    )


def rate_too_high(name: str, rate: int, limit: int) -> AudioError:
    """Return the error of a file with more samples a second, in each channel, than are taken."""
    return AudioError(
        _("%(file)s has a sample rate of %(rate)d Hz; at most %(limit)d are taken. Export it at 44,100 or 48,000 Hz.")
        % {"file": name, "rate": rate, "limit": limit}
    )


def too_many_parts(name: str, limit: int) -> AudioError:
    """Return the error of a file of more recordings than are taken."""
    return AudioError(
        _("%(file)s is more than %(limit)d recordings one after the other. Export it as one WAV, FLAC, OGG or MP3.")
        % {"file": name, "limit": limit}
    )


def contradictory(name: str) -> AudioError:
    """Return the error of a file whose header does not fit its content."""
    return AudioError(
        _("%(file)s has a header that contradicts what the file holds. Open it in an audio editor and export it again.")
        % {"file": name}
    )
