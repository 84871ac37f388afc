"""The report counts sentences that leave out a tag or add music, by condition, once the study is no longer sealed."""

import pytest

from analysis.models import Analysis
from analysis.study_results.report_context import report_context
from analysis.study_results.sentence_counts import sentence_counts
from study.models import Stimulus, Study
from tests.analysis.answered_studies import answered_study, close

pytestmark = pytest.mark.django_db

LEAVES_OUT, ADDS = "Sentences that leave out a tag", "Sentences that add music no tag names"


@pytest.fixture
def study() -> Study:
    """An open study with three clips: one sentence of the second condition leaves out two tags, two add music."""
    study = answered_study(people=2, clips=3)
    for stimulus in Stimulus.objects.filter(clip__study=study, condition__number__in=(2, 4)):
        is_second = stimulus.condition.number == 2
        first = stimulus.clip.number == study.clips.first().number
        stimulus.provenance = {
            "writer": {
                "missing_tags": ["piano", "slow"] if is_second and first else [],
                "added_words": ["violins"] if is_second and not first else [],
            }
        }
        stimulus.save()
    return study


def details(study: Study, language: str = "en") -> dict[str, str]:
    return dict(report_context(Analysis(study=study), language, with_images=False).details)


def test_the_report_says_how_many_sentences_miss_or_add_what(study):
    close(study)
    labels = [condition.label for condition in study.conditions.all()]
    found = details(study)
    assert found[LEAVES_OUT] == f"{labels[1]}: 1 of 3 (piano 1, slow 1); {labels[3]}: 0 of 3"
    assert found[ADDS] == f"{labels[1]}: 2 of 3 (violins 2); {labels[3]}: 0 of 3"


def test_the_report_warns_at_its_top(study):
    close(study)
    notices = report_context(Analysis(study=study), "en", with_images=False).notices
    assert any("Of 6 sentences, 1 leave out a tag and 2 add music" in notice for notice in notices)


def test_while_sealed_nothing_is_counted(study):
    assert sentence_counts(study) == []
    assert LEAVES_OUT not in details(study)


def test_a_study_whose_sentences_match_has_no_warning(study):
    Stimulus.objects.filter(clip__study=study, condition__number=2).update(provenance={})
    close(study)
    assert details(study)[LEAVES_OUT].endswith("0 of 3")
    assert not report_context(Analysis(study=study), "en", with_images=False).notices


def test_images_made_elsewhere_have_no_row(study):
    Stimulus.objects.filter(clip__study=study).update(provenance={})
    close(study)
    assert LEAVES_OUT not in details(study)
