"""The sounds of a deposit: of those clips only of which the researchers have said that they may be published."""

from config.deposits import paths
from study.models import Clip


def sound_path(clip: Clip) -> str:
    """Where the clip's sound is in the deposit; empty if it is not there."""
    may = clip.sound_may_be_published and clip.licence and clip.audio
    return f"{paths.SOUNDS}{clip.number:03d}.{str(clip.audio.name).rpartition('.')[2]}" if may else ""
