"""The page of rehearsals in the console's list of steps; `apps.py` imports this module to register it."""

from django.utils.translation import gettext_lazy as _

from study.models import Study
from study.setup.path_steps import Group, PathStep, register


def _is_real(study: Study) -> bool:
    return not study.simulated and study.rehearsal_of_id is None


register(PathStep("rehearse", _("Rehearse"), "study_rehearse", Group.SETUP, 75, None, optional=True, applies=_is_real))
