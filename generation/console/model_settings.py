"""What a study's diffusion model takes, in words, and its settings that the model does not take."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generation.painting.diffusion.families import ALL_SAMPLERS, Takes, what_it_takes
from generation.painting.diffusion.model_files import model_folder
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.settings_check import unusable_settings
from generation.painting.errors import PainterNotReady

GUIDANCE = {
    "classifier-free": gettext_noop("Guidance works above %(off)g; 0 is none."),
    "true": gettext_noop("Guidance works above %(off)g, by the negative prompt; if that is empty, a space is used."),
    "embedded": gettext_noop("The model itself reads the guidance, so each value counts, also 0."),
    "none": gettext_noop("It has no guidance: set 0."),
}


def takes_of(options: DiffusersOptions) -> Takes | None:
    """Return what the model takes, or None if its files are not on this machine."""
    try:
        return what_it_takes(model_folder(options))
    except (PainterNotReady, ImportError):  # ImportError: a web host cannot look for a model of the hub
        return None


def describe(options: DiffusersOptions) -> str:
    """Return what the model of `options` takes, in words."""
    takes = takes_of(options)
    if takes is None:
        return _("What the model takes is shown here once it is saved and its files are on this machine.")
    return " ".join(_sentences(takes))


def faults(options: DiffusersOptions) -> Iterator[tuple[str, str]]:
    """Yield the option's name and the message for each setting that the model does not take, if its files are here."""
    takes = takes_of(options)
    for fault in unusable_settings(options, takes) if takes is not None else ():
        values = {key: _(str(value)) if key == "reason" else value for key, value in fault.values.items()}
        yield fault.setting, _(fault.template) % values


def _sentences(takes: Takes) -> Iterator[str]:
    family = takes.family
    if family.refused:
        yield _("%(family)s cannot paint here: %(reason)s.") % {"family": family.name, "reason": _(family.refused)}
        return
    if not family.tried:
        yield _("%(family)s was not tried: the proof before the first clip shows whether it paints.") % {
            "family": family.name
        }
        return
    yield f"{family.name}:"
    yield _(GUIDANCE[takes.guidance]) % {"off": family.off_at}
    yield _("It takes a negative prompt.") if takes.negative_prompt else _("It takes no negative prompt.")
    if family.sizes:
        yield _("Its sizes are %(sizes)s pixels.") % {"sizes": ", ".join(map(str, family.sizes))}
    else:
        yield _("Its sizes are multiples of %(step)d.") % {"step": family.size_step}
    if family.samplers == ALL_SAMPLERS:
        yield _("Any scheduler fits.")
    else:
        yield _("Schedulers that fit: %(names)s.") % {"names": ", ".join(["model", *sorted(family.samplers)])}
