"""List for the report how often each clip's images were painted, and why again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from generation.models import ReviewDecision
from generation.runs.image_versions import version_of
from study.models import Stimulus, Study
from study.setup.paintings import Painting, register


@register
def paintings_of(study: Study) -> Iterable[Painting]:
    """Yield the paintings of each clip with images that were painted here."""
    clips = study.clips.filter(included=True, is_practice=False).exclude(stimuli__painter="uploaded")
    names: dict[int, list[str]] = defaultdict(list)
    ready = Stimulus.objects.filter(clip__in=clips, state=Stimulus.State.READY).order_by()
    for clip_id, image in ready.values_list("clip", "image"):
        names[clip_id].append(image)
    decisions: dict[int, list[ReviewDecision]] = defaultdict(list)
    for decision in ReviewDecision.objects.filter(clip__in=clips, undone=False).order_by("pk"):
        decisions[decision.clip_id].append(decision)
    for pk, name in clips.order_by("number").values_list("pk", "name"):
        if names[pk]:
            yield Painting(name, 1)
            for number, row in enumerate(_painted_again(decisions[pk], version_of(names[pk])), start=2):
                yield Painting(name, number, row.reason, row.note, tuple(row.named))


def _painted_again(rows: Sequence[ReviewDecision], version: str) -> list[ReviewDecision]:
    """Return the decisions to paint again that gave other images; a run may have been cancelled, or have failed.

    Of several on the same images the last one gave others. One without images gave the first ones, unless it is from
    before images had versions (then it has no step either).

    `rows`: the clip's decisions in order. `version`: of the images that it has now.
    """
    repaints = [row for row in rows if row.kind == ReviewDecision.Kind.REPAINTED]
    last = {row.version: row.pk for row in repaints}
    later = [row.version for row in rows] + [version]
    found = []
    for place, row in enumerate(rows, start=1):
        is_last = last.get(row.version) == row.pk if row.version else not row.step_before
        if row in repaints and is_last and any(other != row.version for other in later[place:]):
            found.append(row)
    return found
