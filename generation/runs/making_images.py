"""State for the report how the sentences were written and the images painted, from the images' provenance."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from study.models import Stimulus, Study
from study.setup.making_facts import register

Record = Mapping[str, Any]


@register
def sentences_and_images(study: Study) -> Iterable[str]:
    """Yield a sentence on the writer and one on the painter; images that differ are counted."""
    images = Stimulus.objects.filter(clip__study=study, clip__included=True, clip__is_practice=False)
    records = [record for record in images.values_list("provenance", flat=True) if record and record.get("painter")]
    yield from _counted([record for record in records if record.get("writer")], _writer)
    yield from _counted(records, _painter)


def _counted(records: list[Record], sentence_of: Callable[[Record], str]) -> Iterable[str]:
    sentences = Counter(map(sentence_of, records))
    for sentence, n in sentences.most_common():
        if len(sentences) == 1:
            yield sentence
        else:
            yield _("For %(n)d of %(all)d images: %(fact)s") % {"n": n, "all": len(records), "fact": sentence}


def _writer(record: Record) -> str:
    writer = record["writer"]
    if writer.get("kind") == "template":
        return _("The sentences were written by the built-in grammar, version %(version)s.") % {
            "version": writer.get("grammar", "")
        }
    text = _(
        "The sentences were written by %(model)s (%(address)s) with the prompt template “%(template)s” (%(digest)s)"
    ) % {
        "model": writer.get("model", ""),
        "address": writer.get("base_url", ""),
        "template": writer.get("prompt_template", ""),
        "digest": str(writer.get("template_digest", ""))[:8],
    }
    if temperature := writer.get("temperature"):
        text += _(", temperature %(temperature)s") % {"temperature": temperature}
    return f"{text}."


def _painter(record: Record) -> str:
    painter = record["painter"]
    if painter.get("kind") != "diffusers":
        return _("The images were drawn by the built-in sketch painter, version %(version)s.") % {
            "version": painter.get("version", "")
        }
    negative = painter.get("negative_prompt")
    parts = [
        painter.get("pipeline"),
        _("scheduler %(name)s") % {"name": painter.get("scheduler", "")},
        _("%(n)s steps") % {"n": painter.get("steps", "")},
        _("guidance %(value)s") % {"value": painter["guidance"]} if painter.get("guidance") else "",
        _("negative prompt “%(text)s”") % {"text": negative} if negative else "",
        _("%(size)s × %(size)s pixels") % {"size": painter.get("size", "")},
        painter.get("dtype"),
        _("adapters: %(names)s") % {"names": "; ".join(painter["adapters"].splitlines())}
        if painter.get("adapters")
        else "",
    ]
    return _(
        "The images were painted by %(model)s (%(revision)s; %(settings)s). All images of a clip were painted together "
        "from one seed of the study's recorded sequence."
    ) % {
        "model": painter.get("model", ""),
        "revision": _revision(painter),
        "settings": ", ".join(str(part) for part in parts if part),
    }


def _revision(painter: Record) -> str:
    """The commit of a model of the hub, or the digest of a model's own files."""
    if painter.get("revision"):
        return _("revision %(commit)s") % {"commit": painter["revision"]}
    return _("files %(digest)s") % {"digest": str(painter.get("weights", ""))[:12]}
