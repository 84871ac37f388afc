"""What the consent text of a demo says: nobody does research there. A copy of the demo has to name its own people."""

from collections.abc import Mapping

from study.models import Clip, Study
from study.setup.copying import register
from study.texts import OF_A_DEMO, RESPONSIBLE

NOBODY = dict.fromkeys(RESPONSIBLE, "")
DEMO = NOBODY | OF_A_DEMO | {"ethics": Study.Ethics.NONE.value}


def _named(study: Study) -> dict[str, str]:
    return {name: getattr(study, name) for name in RESPONSIBLE}


def say_that_it_is_a_demo(study: Study) -> None:
    """Write it into a draft that names nobody."""
    if _named(study) == NOBODY:
        Study.objects.filter(pk=study.pk, status=Study.Status.DRAFT).update(**DEMO)
        study.refresh_from_db()


@register
def name_nobody_in_a_copy(study: Study, copy: Study, clips: Mapping[int, Clip]) -> None:
    """Empty the demo's words in a copy, which may be meant for real people."""
    if _named(study) == DEMO:
        for name in RESPONSIBLE:
            setattr(copy, name, "")
        copy.save(update_fields=RESPONSIBLE)
