"""Each study keeps the version of the orders that its participants were given."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

import study.migrations
from study.design import NEWEST_ORDERS, Design, draw_plan
from study.models import Study
from study.participants.enrolment import enrol
from study.setup.copying import copy_study
from study.setup.lifecycle import current_plan
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def clips_of(study: Study, slots: int) -> list[list[str]]:
    """The names of the clips that the next participants hear, in their order."""
    people = [enrol(study)[0] for _ in range(slots)]
    return [list(person.trials.order_by("number").values_list("clip__name", flat=True)) for person in people]


@pytest.mark.parametrize("version", [1, 2])
def test_people_get_the_orders_of_the_version_of_their_study(version):
    study = make_open_study(clips=5, trials_per_participant=3, orders_version=version)
    names = list(study.clips.order_by("number").values_list("name", flat=True))
    design = Design(seed=study.seed, clips=5, conditions=4, each=3, version=version)
    planned = [[names[trial.clip] for trial in draw_plan(design, slot)] for slot in range(6)]
    other = Design(seed=study.seed, clips=5, conditions=4, each=3, version=3 - version)
    assert clips_of(study, 6) == planned
    assert planned != [[names[trial.clip] for trial in draw_plan(other, slot)] for slot in range(6)]


def test_new_studies_and_copies_have_the_newest_orders_and_fix_them_in_the_plan():
    assert Study().orders_version == NEWEST_ORDERS
    old = make_study(clips=1, orders_version=1)
    assert current_plan(old)["design"]["orders_version"] == 1
    assert copy_study(old, title="again", owner=old.owner).orders_version == NEWEST_ORDERS


def test_on_migrating_only_studies_that_nobody_has_entered_change_their_orders():
    begun, empty = (make_open_study(clips=1, orders_version=1) for _ in range(2))
    enrol(begun)
    folder = Path(study.migrations.__path__[0])
    name = next(folder.glob("*_answers_in_order.py")).stem
    import_module(f"study.migrations.{name}").use_newest_orders(apps, None)
    versions = dict(Study.objects.values_list("pk", "orders_version"))
    assert versions == {begun.pk: 1, empty.pk: 2}
