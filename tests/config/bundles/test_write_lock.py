"""A large study is not taken in on SQLite while people answer another one: they could not save for too long."""

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from config.bundles import export_study
from config.bundles.reading import Bundle
from config.bundles.taking_in import BundleRefused, take_in
from config.bundles.taking_in.write_lock import MOST_WHILE_PEOPLE_ANSWER, ensure_short_lock
from config.bundles.whole import PEOPLE
from study.models import Study
from tests.config.bundles.test_taking_in import forget, lived_study
from tests.factories import UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Bundle]:
    """As much of an export as is counted: two people, one trial more than may be written while people answer."""
    trials = [MOST_WHILE_PEOPLE_ANSWER, 1]
    with zipfile.ZipFile(tmp_path / "large.zip", "w") as archive:
        archive.writestr(PEOPLE, "".join(json.dumps({"trials": [{}] * many}) + "\n" for many in trials))
    with zipfile.ZipFile(tmp_path / "large.zip") as archive:
        yield Bundle(archive)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_whether_somebody_may_be_answering_decides(large: Bundle) -> None:
    make_study(clips=1)
    study = make_open_study(clips=1, simulated=True)
    ensure_short_lock(large)  # nobody can answer a draft or a rehearsal
    Study.objects.filter(pk=study.pk).update(simulated=False)
    with pytest.raises(BundleRefused, match="5,001 trials"):
        ensure_short_lock(large)
    closed = {"status": Study.Status.CLOSED, "closed_at": timezone.now() - timedelta(minutes=5)}
    Study.objects.filter(pk=study.pk).update(**closed, grace_minutes=30)
    with pytest.raises(BundleRefused, match="SQLite"):
        ensure_short_lock(large)
    Study.objects.filter(pk=study.pk).update(grace_minutes=4)
    ensure_short_lock(large)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_nothing_is_written_of_a_study_that_is_refused(tmp_path: Path) -> None:
    study = lived_study()
    export_study(study, tmp_path / "study.zip")
    forget(study)
    other = make_open_study(clips=1)
    with (
        patch("config.bundles.taking_in.write_lock.MOST_WHILE_PEOPLE_ANSWER", 20),
        pytest.raises(BundleRefused, match="when no study here is open"),
    ):
        take_in(tmp_path / "study.zip", owner=UserFactory())
    assert list(Study.objects.all()) == [other]
    take_in(tmp_path / "study.zip", owner=UserFactory())  # a small one at any time
