"""The audit looks at every width of an image, and a study that is opened with its widths has no leak."""

import pytest

from study.blinding_audit.audit import audit_study
from study.survey_images import versions
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def test_images_in_several_widths_reveal_nothing():
    study = make_study(clips=1, size=600)
    report = audit_study(study, people=8, trials=1)
    assert report.findings == []
    study.refresh_from_db()
    assert sorted(study.survey_images["bytes"]) == ["384", "512", "600"]


def test_a_leak_in_one_width_is_found(monkeypatch):
    """The control: the files of one width of several end in a byte of their own for each condition."""
    study = make_study(clips=1, size=600)
    conditions = dict(study.clips.values_list("stimuli__image", "stimuli__condition__number"))
    original = versions.read_image

    def marked(study, shown, name, width):
        content = original(study, shown, name, width)
        return content + bytes([conditions[name]]) if width == 384 else content

    monkeypatch.setattr("study.survey.media.read_image", marked)
    assert audit_study(study, people=8, trials=1).findings
