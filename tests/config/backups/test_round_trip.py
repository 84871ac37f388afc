"""Restored by another process into an empty place, a study's export is the same to the byte."""

from pathlib import Path

import pytest

from config.bundles import export_study
from study.models import Study
from study.survey_images.versions import prepare_images
from tests.analysis.answered_studies import answered_study
from tests.config.backups.conftest import back_up
from tests.config.backups.installation import Installation


@pytest.mark.processes
def test_a_restored_study_is_exported_to_the_same_bytes(data: Path, out: Path, tmp_path: Path) -> None:
    """A sealed one, whose export takes no report; `make backups` does it with everything, on every database."""
    study = answered_study(people=2, clips=1, slug="violins")
    prepare_images(study)
    Study.objects.update(survey_images=study.survey_images)
    study.refresh_from_db()
    export_study(study, tmp_path / "before.zip")
    back_up(out)
    elsewhere = tmp_path / "elsewhere"
    there = Installation(elsewhere)
    said = there.manage("restore", str(out), status=1)  # the factories' study has no plan, and verification says so
    assert "published heads, up to entry" in said
    assert there.export(tmp_path / "after.zip") == (tmp_path / "before.zip").read_bytes()
    assert (elsewhere / "secret_key").read_text().strip() == (data / "secret_key").read_text()
    for folder in ("media", "survey-images"):
        files = {path.relative_to(data): path.read_bytes() for path in (data / folder).rglob("*.*")}
        assert files
        assert files == {path.relative_to(elsewhere): path.read_bytes() for path in (elsewhere / folder).rglob("*.*")}
