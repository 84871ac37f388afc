"""`simulate --rehearse`: a study is gone through to its report in a marked copy, and stays as it is."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.forms.models import model_to_dict

from study.models import Participant, Stimulus, Study
from study.setup.copying import copy_study
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def simulate(study: Study, **options: Any) -> str:
    out = StringIO()
    call_command("simulate", study.slug, stdout=out, **({"participants": 3} | options))
    return out.getvalue()


@pytest.mark.parametrize("make", [make_study, make_open_study])
def test_a_rehearsal_ends_with_a_report_and_leaves_the_study_as_it_is(
    make: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if make is make_open_study:  # the report of the other one is typeset
        request.getfixturevalue("typeset_nothing")
    study = make(clips=3, conditions=3, title="Do they fit?", stop_at_target=True, target_participants=1)
    before, is_blinded = model_to_dict(study), study.is_blinded
    printed = simulate(study, rehearse=True, report=tmp_path / "report")
    copy = Study.objects.exclude(pk=study.pk).get()
    assert (copy.title, copy.simulated, copy.status) == ("Do they fit? (simulated)", True, Study.Status.CLOSED)
    assert {person.kind for person in copy.participants.all()} == {Participant.Kind.SIMULATED}
    assert f"/console/studies/{copy.slug}/results/" in printed
    assert "3 simulated participants, 3 of them complete" in printed
    report = (tmp_path / "report" / "report-en.html").read_text(encoding="utf-8")
    assert "Simulated: the answers come from simulated participants" in report
    study.refresh_from_db()
    assert model_to_dict(study) == before
    # The copy shows what the study itself hides since it opened.
    assert list(study.log.values_list("action", flat=True)) == (["copy made"] if is_blinded else [])
    assert not study.participants.exists()


def test_a_second_rehearsal_is_another_copy() -> None:
    study = make_study(clips=2, conditions=2)
    simulate(study, rehearse=True, participants=2)
    simulate(study, rehearse=True, participants=2)
    assert Study.objects.filter(simulated=True).count() == 2


def test_a_study_without_images_is_refused_and_leaves_no_copy() -> None:
    study = make_study(clips=2, conditions=2, title="Pale")
    Stimulus.objects.filter(clip__number=2).delete()
    with pytest.raises(CommandError, match=r"“Pale” cannot be rehearsed: .*image") as refused:
        simulate(study, rehearse=True)
    assert refused.value.returncode == 2
    assert list(Study.objects.all()) == [study]
    Stimulus.objects.all().delete()


def test_a_simulated_copy_is_not_rehearsed_again() -> None:
    study = make_study(clips=1, conditions=2)
    copy = copy_study(study, title="Again", owner=study.owner, simulated=True)
    with pytest.raises(CommandError, match="is a simulated copy itself"):
        simulate(copy, rehearse=True)


def test_a_report_needs_a_rehearsal_and_without_one_people_are_pilots() -> None:
    study = make_study(clips=2, conditions=2)
    with pytest.raises(CommandError, match="--report needs --rehearse"):
        simulate(study, report="somewhere")
    printed = simulate(study, worth=["painter_a=2"])
    assert "3 pilot participants" in printed
    # Of two images the better one is first in nine of ten trials, without tastes; the other one is always second.
    assert re.search(r"choice \(points of a trial\): painter_a 2\.[67]\d; painter_b 1\.[34]\d", printed)
    assert Study.objects.count() == 1
