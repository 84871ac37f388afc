import pytest

from analysis.models import Analysis
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def test_a_result_keeps_the_order_of_conditions_on_every_database():
    """PostgreSQL's own type for JSON would sort the keys by their length."""
    stored = {"redefined_tags": 1, "redefined_sentence": 2, "original_tags": None, "b": {"z": 1, "a": 2.5}}
    analysis = Analysis.objects.create(study=make_study(clips=1), result=stored)
    read = Analysis.objects.get(pk=analysis.pk).result
    assert read == stored
    assert [*read, *read["b"]] == [*stored, *stored["b"]]
