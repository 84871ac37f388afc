"""The pages of which pictures are taken: as in the survey, of every study, and of nobody."""

import re

import pytest

from analysis.interface_pictures.pages import PAGES, InterfacePages
from study.errors import NotAllowedNow
from study.models import Participant, Stimulus, Study, Trial
from study.survey_images.versions import prepare_images
from tests.factories import StudyFactory, add_clip, make_study

pytestmark = pytest.mark.django_db
QUESTIONS = "questions:\n  - key: age\n    type: number\n    text: {en: Your age, ko: 나이}\n"


def test_every_page_is_made_without_a_person_a_condition_or_a_code(django_assert_max_num_queries) -> None:
    study = make_study(
        clips=2, size=64, languages=["en", "ko"], questions_before=QUESTIONS, questions_after=QUESTIONS,
        sound_check=True, completion_code="CODE-WORTH-MONEY", ask_reason=True,
    )  # fmt: skip
    prepare_images(study)
    add_clip(study, 3, is_practice=True, name="practice.wav")
    for status in (Study.Status.DRAFT, Study.Status.OPEN, Study.Status.CLOSED):
        Study.objects.filter(pk=study.pk).update(status=status)
        pages = InterfacePages(study)
        assert list(pages.used()) == list(PAGES)
        for page in pages.used():
            for language in pages.languages:
                kind, content = pages.answer(f"/page/{page}/{language}") or ("", b"")
                text = content.decode()
                assert kind.startswith("text/html")
                assert f'lang="{language}"' in text
                hidden = [study.slug, "CODE-WORTH-MONEY", "Pilot", "practice.wav"]
                hidden += [row.key for row in study.conditions.all()] + [row.label for row in study.conditions.all()]
                assert not [word for word in hidden if word in text]
                # All that it loads is there, and nothing else is asked for than by a path.
                assert not re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)', text)
                for address in re.findall(
                    r'(?:<img src|<audio [^>]*src|stylesheet" href|script [^>]*src)="(/[^"]+)"', text
                ):
                    assert pages.answer(address), address
        trial = (pages.answer("/page/trial/en") or ("", b""))[1].decode()
        images = re.findall(r'<img src="(/[^"]+)"', trial)
        assert len({pages.answer(address) for address in images}) == 4
    assert not Participant.objects.exists()
    assert not Trial.objects.exists()
    with django_assert_max_num_queries(0):
        for address in (
            "/q/x/m/x/E",
            "/static/../settings.py",
            "/static/%2e%2e/settings.py",
            "/page/trial/fr",
            "/media/x",
            "/",
        ):
            assert pages.answer(address) is None, address


def test_the_order_of_the_images_is_drawn_anew_and_pages_that_are_not_used_are_left_out() -> None:
    study = make_study(clips=1, size=64, sound_check=False)
    assert list(InterfacePages(study).used()) == ["consent", "instructions", "trial", "thanks"]
    orders = {tuple(row.pk for row in InterfacePages(study)._example.stimuli) for _ in range(40)}
    assert len(orders) > 5  # of 24: fewer have a chance of less than one in a million


def test_a_study_of_pairs_shows_two_images_and_one_of_ratings_asks_for_them() -> None:
    pair = make_study(clips=1, instrument={"questions": [{"kind": "pair", "key": "better"}]})
    trial = (InterfacePages(pair).answer("/page/trial/en") or ("", b""))[1].decode()
    assert len(re.findall(r'<img src="/q/', trial)) == 2


def test_a_study_without_images_says_what_is_missing() -> None:
    study = StudyFactory()
    with pytest.raises(NotAllowedNow, match="Generate them first"):
        InterfacePages(study)
    study = make_study(clips=1)
    Stimulus.objects.filter(pk=Stimulus.objects.first().pk).update(state=Stimulus.State.FAILED)
    with pytest.raises(NotAllowedNow, match="Generate them first"):
        InterfacePages(study)
