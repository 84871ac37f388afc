"""A study begins from a template: those that ship, one of another lab, or a copy."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from generation.settings_model import settings_of
from study.instruments.presets import PRESETS
from study.models import Study
from study.setup.instrument_editing import set_instrument
from study.setup.study_templates import (
    SHIPPED,
    TemplateRefused,
    create_from_template,
    load_template,
    shipped_template,
    template_yaml,
    what_it_sets,
)
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study, open_with_images

OWN = shipped_template("own_images")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            OWN.replace("practice_trial: true", "practice_trial: maybe"),
            "line 17 (settings): practice_trial: true or false",
        ),
        (OWN + "  weight_first: .inf\n", "line 18"),
        (OWN + "  alpha: 7\n", "line 18 (settings): alpha"),
        (OWN + "  completion_code: PAID\n", "does not set completion_code"),
        (OWN.replace("key: second_way", "key: first_way"), "two conditions have the same key"),
        (OWN.replace("key: second_way", "key: ../x"), "line 14"),
        (OWN.replace("earsight_template: 1", "earsight_template: 9"), "line 1 (earsight_template)"),
        (OWN + "generation: {writer: openai}\n", "line 18: generation: a template does not set writer"),
        (OWN + "generation: {rules: /etc/passwd}\n", "rules: one of curated"),
        (OWN + "texts: {consent_text: {en: '{me}'}}\n", "{me} stands for nothing"),
        ("a: &a [*a, *a]", "line 1"),
        ("<html>", "line 1"),
    ],
)
def test_what_is_no_template_is_refused_with_line_and_mend(text: str, said: str) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        load_template(text)
    assert said in str(refusal.value)


@pytest.mark.django_db
def test_each_template_that_ships_makes_a_study_as_it_says() -> None:
    owner = UserFactory()
    for key in SHIPPED:
        template = load_template(shipped_template(key))
        assert template.name.keys() == template.about.keys() == {"en", "ko"}
        study = create_from_template(template, title=key, owner=owner)
        study.refresh_from_db()
        assert [row.key for row in study.conditions.all()] == [row.key for row in template.conditions]
        for name, value in template.settings.items():
            assert getattr(study, name) == value
        assert len(what_it_sets(template)) >= len(template.settings)
    seed = Study.objects.get(title="seed_study")
    assert (seed.target_participants, seed.weights, seed.question["ko"][-3:]) == (30, (3.0, 1.0), "가요?")
    assert (settings_of(seed).tag_source, settings_of(seed).rules) == ("predicted", "seed")


@pytest.mark.django_db
def test_a_study_s_own_template_makes_the_same_study_and_nothing_of_its_clips() -> None:
    study = make_study(
        clips=1, conditions=3, repeats=2, weight_first="2.50", question={"ko": "어느 것?"}, completion_code="PAID-1"
    )
    study.refresh_from_db()
    text = template_yaml(study)
    again = create_from_template(load_template(text), title=study.title, owner=study.owner)
    assert template_yaml(again) == text
    assert "clip1" not in text
    assert "PAID" not in text
    assert (again.repeats, float(again.weight_first), again.question) == (2, 2.5, {"ko": "어느 것?"})


@pytest.mark.django_db
def test_a_template_carries_the_questions_of_each_trial_and_refuses_impossible_ones() -> None:
    study = make_study(clips=1)
    set_instrument(study, PRESETS["choose_and_rate"])
    text = template_yaml(study)
    again = create_from_template(load_template(text), title="again", owner=study.owner)
    assert again.instrument == study.instrument
    assert "Rate the images you chose" in dict(what_it_sets(load_template(text)))["Questions in each trial"]
    with pytest.raises(TemplateRefused, match=r"line \d+ \(instrument\): Question 2 of each trial"):
        load_template(text.replace("of: chosen", "of: nothing"))


@pytest.mark.django_db
def test_a_sealed_study_gives_no_template() -> None:
    study = open_with_images(make_study(clips=1))
    answer = browser(study.owner).get(reverse("study_template", args=[study.slug]), follow=True)
    assert "its conditions are hidden" in answer.content.decode()
    assert answer.redirect_chain


@pytest.mark.django_db
def test_the_page_shows_what_a_template_sets_and_creates_what_was_changed() -> None:
    client: Any = browser(UserFactory())
    page = client.get(reverse("study_create") + "?template=compare_models").content.decode()
    assert "Hidden repeats" in page
    assert 'value="Model C"' in page
    upload = SimpleUploadedFile("lab.yaml", shipped_template("compare_models").encode())
    page = client.post(reverse("study_create"), {"read_template": "1", "template_file": upload}).content.decode()
    assert "Hidden repeats" in page
    fields = {
        "title": "Two",
        "design": "own",
        "label_1": "One",
        "label_2": "Another",
        "template": shipped_template("compare_models"),
    }
    client.post(reverse("study_create"), fields)
    study = Study.objects.get()
    assert ([row.key for row in study.conditions.all()], study.repeats, study.allow_none_fits) == (
        ["one", "another"],
        1,
        True,
    )
    refused = client.post(
        reverse("study_create"), {"read_template": "1", "template_file": SimpleUploadedFile("x.yaml", b"a: <b>")}
    )
    assert refused.status_code == 400
    assert "This is no template: line 1" in refused.content.decode()
    client.post(reverse("study_create"), {"copy": study.slug})
    assert Study.objects.count() == 2
    stranger = browser(UserFactory()).post(reverse("study_create"), {"copy": study.slug})
    assert (stranger.status_code, Study.objects.count()) == (404, 2)
