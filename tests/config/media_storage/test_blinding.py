"""Images come from a bucket that is slow for one condition: the time of no page or image tells which."""

import time
from typing import Any

import pytest

from config.media_storage.s3 import S3Media
from study.blinding_audit.audit import audit_study
from study.models import Stimulus, Study
from tests.config.media_storage.conftest import only_in_full
from tests.factories import make_study, open_with_images

pytestmark = [pytest.mark.django_db, only_in_full]


@pytest.fixture
def slow_condition(bucket: Any, monkeypatch: Any) -> Study:
    """A study whose images under the second condition take longer to come from the bucket."""
    study = open_with_images(make_study(clips=6))
    slow = set(Stimulus.objects.filter(condition__number=2).values_list("image", flat=True))

    def delayed(storage: S3Media, name: str, first: int, piece: Any = S3Media.piece) -> Any:
        time.sleep(0.1 if name in slow else 0)
        return piece(storage, name, first)

    monkeypatch.setattr(S3Media, "piece", delayed)
    return study


def test_the_audit_finds_nothing(slow_condition: Study) -> None:
    report = audit_study(slow_condition, people=16, trials=4)
    assert (report.leaks, report.differing_files, report.passed) == ((), (), True)


def test_images_that_come_from_the_bucket_each_time_tell_their_condition(
    slow_condition: Study, monkeypatch: Any
) -> None:
    monkeypatch.setattr("study.survey_images.versions.write_whole", lambda *_args, **_more: None)
    monkeypatch.setattr("study.survey_images.versions.Path.read_bytes", _missing)
    report = audit_study(slow_condition, people=16, trials=4)
    assert any("time" in str(leak) or "milliseconds" in str(leak) for leak in report.leaks), report.leaks


def _missing(_path: Any) -> bytes:
    raise FileNotFoundError
