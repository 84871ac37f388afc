"""Images and sounds of a deposit; sounds only of clips of which the researchers have said that it may hold them."""

from analysis.tables.preferences import image_file_name
from config.deposits import paths
from study.models import Clip, Stimulus


def image_path(stimulus: Stimulus) -> str:
    """Where a stimulus's image is in the deposit; empty if it has none."""
    if not stimulus.image:
        return ""
    name = image_file_name(stimulus.clip.number, stimulus.condition.key, str(stimulus.image.name))
    return f"{paths.IMAGES}/{name.rpartition('/')[2]}"


def sound_path(clip: Clip) -> str:
    """Where the clip's sound is in the deposit; empty if it is not there."""
    may = clip.sound_may_be_published and clip.licence and clip.audio
    return f"{paths.SOUNDS}/{clip.number:03d}.{str(clip.audio.name).rpartition('.')[2]}" if may else ""
