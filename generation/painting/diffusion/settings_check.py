"""Settings that a model cannot use, or that would change nothing: found from its files, before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from generation.painting.diffusion.families import Takes
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.errors import PainterNotReady, gettext_noop


@dataclass(frozen=True)
class Unusable:
    """A setting that the model does not take: the option's name, and the reason with what to do.

    `template` is translatable; `values` fill it.
    """

    setting: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template % self.values


def check_settings(options: DiffusersOptions, takes: Takes) -> None:
    """Check that the model takes each setting.

    Raises:
        PainterNotReady: the message names every setting that it does not take.
    """
    if faults := [str(fault) for fault in unusable_settings(options, takes)]:
        raise PainterNotReady(" ".join(faults))


def unusable_settings(options: DiffusersOptions, takes: Takes) -> Iterator[Unusable]:
    """Yield each setting of `options` that the model cannot use or that has no effect on it."""
    family = takes.family
    named = {"model": options.model, "family": family.name}
    if family.refused:
        yield Unusable(
            "model",
            gettext_noop("'%(model)s' (%(family)s) cannot paint here: %(reason)s. Choose another model."),
            named | {"reason": family.refused},
        )
        return
    yield from _guidance(options, takes, named)
    if options.negative_prompt and not takes.negative_prompt:
        yield Unusable(
            "negative_prompt",
            gettext_noop("'%(model)s' (%(family)s) takes no negative prompt: leave the setting empty."),
            named,
        )
    elif options.negative_prompt and not takes.guides(options.guidance):
        yield Unusable(
            "negative_prompt",
            gettext_noop(
                "A negative prompt has no effect at guidance %(guidance)g: leave it empty, or set the guidance above "
                "%(off)g."
            ),
            {"guidance": options.guidance, "off": family.off_at},
        )
    yield from _size(options, takes, named)
    if options.scheduler != "model" and options.scheduler not in family.samplers:
        yield Unusable(
            "scheduler",
            gettext_noop(
                "'%(model)s' (%(family)s) works only with the scheduler it comes with: set scheduler to 'model'."
            )
            if not family.samplers
            else gettext_noop("'%(model)s' (%(family)s) works only with the schedulers 'model' and %(samplers)s."),
            named | {"samplers": ", ".join(f"'{name}'" for name in sorted(family.samplers))},
        )


def _guidance(options: DiffusersOptions, takes: Takes, named: Mapping[str, object]) -> Iterator[Unusable]:
    if takes.guidance == "none":
        if options.guidance:
            yield Unusable(
                "guidance",
                gettext_noop("'%(model)s' (%(family)s) has no guidance: set the guidance to 0."),
                named,
            )
    elif 0 < options.guidance < takes.family.off_at and not takes.guides(options.guidance):
        yield Unusable(
            "guidance",
            gettext_noop("Guidance %(guidance)g has no effect on '%(model)s': set 0 for none, or more than %(off)g."),
            {**named, "guidance": options.guidance, "off": takes.family.off_at},
        )


def _size(options: DiffusersOptions, takes: Takes, named: Mapping[str, object]) -> Iterator[Unusable]:
    family, values = takes.family, {**named, "size": options.size}
    if family.sizes and options.size not in family.sizes:
        yield Unusable(
            "size",
            gettext_noop("'%(model)s' (%(family)s) paints %(sizes)s pixels, not %(size)d: set one of these sizes."),
            values | {"sizes": ", ".join(map(str, family.sizes))},
        )
    elif options.size % family.size_step:
        yield Unusable(
            "size",
            gettext_noop("'%(model)s' (%(family)s) paints sizes that are multiples of %(step)d, not %(size)d."),
            values | {"step": family.size_step},
        )
