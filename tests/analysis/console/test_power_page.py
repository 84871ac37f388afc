"""The page Power for each kind of question."""

from typing import Any

import pytest
from django.test import Client

from analysis.models import Analysis
from analysis.study_results import power_answers
from study.models import Study
from tests.analysis.answered_studies import checklist_answers, close
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db

RATING = {"kind": "rate", "key": "rating", "scales": [{"key": "match", "text": {"en": "Does it match?"}, "steps": 7}]}
PAIR = {"kind": "pair", "key": "pair", "tie": True}
MUSIC = {"kind": "rate", "key": "sound", "of": "music", "scales": [{"key": "loudness", "steps": 5}]}
RATED = {"participants": 10, "clips": 6, "difference": 1.5, "sd_participants": 0.5, "sd_clips": 0.6, "sd_residual": 1}
COMPARED = {"participants": 10, "clips": 6, "share": 0.7, "sd_participants": 0.8, "sd_clips": 0.7, "ties": 0.2}


def asks(*questions: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"version": 1, "questions": list(questions), **facts}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """Send the form, let the worker answer, and return the page."""
    monkeypatch.setattr("celery.Celery.send_task", lambda *_args: None)
    monkeypatch.setattr(power_answers, "SIMULATIONS", 200)

    def ask(study: Study, inputs: dict[str, Any]) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            response = page_of(study, inputs)
        assert response.status_code == 302, response.content.decode()
        power_answers.answer_power(study.pk)
        study.refresh_from_db()
        return str(page_of(study).content.decode())

    return ask


def page_of(study: Study, inputs: dict[str, Any] | None = None) -> Any:
    client, address = Client(), f"/console/studies/{study.slug}/power/"
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(address) if inputs is None else client.post(address, inputs)


def fields_of(study: Study) -> set[str]:
    return set(page_of(study).context["form"].fields)


def test_the_form_has_the_fields_of_the_kind_and_a_classic_study_those_it_always_had() -> None:
    design = {"participants", "clips", "sd_participants", "sd_clips", "target", "clips_per_participant", "drop_out"}
    assert fields_of(make_study(clips=1)) == design | {"share"}
    assert fields_of(make_study(clips=1, instrument=asks(RATING))) == design | {"difference", "sd_residual"}
    assert fields_of(make_study(clips=1, instrument=asks(PAIR))) == design | {"share", "ties", "pairs_per_clip"}
    strict = asks({"kind": "pair", "key": "pair", "tie": False})
    assert fields_of(make_study(clips=1, instrument=strict)) == design | {"share", "pairs_per_clip"}


def test_the_power_of_ratings_is_asked_and_told_on_the_scale_of_the_plans_question(ask: Any) -> None:
    study = make_study(clips=1, instrument=asks(RATING))
    page = page_of(study).content.decode()
    assert "Does it match?" in page
    assert "on the scale from 1 to 7" in page
    shown = ask(study, RATED)
    assert "10 participants × 6 clips have power" in shown
    assert "are rated +1.5 against those of the low side, on the scale from 1 to 7" in shown
    assert "mean ratings that differ by" in shown
    assert "The fewest people for each number of clips" in shown
    assert "differ by 1.50" in checklist_answers(study, "HEDS 3.0")["3.1.3.1"]


def test_the_power_of_pairs_takes_pairs_and_ties_from_the_instrument(ask: Any) -> None:
    study = make_study(clips=1, instrument=asks(PAIR, pairs_per_clip=2))
    form = page_of(study).context["form"]
    assert form["pairs_per_clip"].value() == 2
    shown = ask(study, COMPARED | {"pairs_per_clip": 3})
    assert "20 of 100 comparisons of equally good images are ties; a person compares 3 of 6 pairs a clip" in shown
    assert "of 100 head-to-head choices" in shown
    assert study.plan["power"]["result"]["plan"]["designs"][0][1] is None or (
        study.plan["power"]["result"]["plan"]["designs"][-1][1]["answers"] == 3 * 200
    )
    assert page_of(study, COMPARED | {"pairs_per_clip": 7}).status_code == 400


def test_a_whole_order_has_its_own_points(ask: Any) -> None:
    order = {"kind": "choose", "key": "order", "ranks": 4}
    study = make_study(clips=1, instrument=asks(order))
    ask(study, {key: value for key, value in COMPARED.items() if key != "ties"})
    assert study.plan["power"]["result"]["weights"] == [3, 2, 1, 0]


def test_numbers_of_another_kind_are_not_offered_again(ask: Any) -> None:
    study = make_study(clips=1, instrument=asks(RATING))
    ask(study, RATED)
    assert page_of(study).context["form"]["sd_clips"].value() == 0.6
    assert page_of(study).context["form"]["participants"].value() == 10
    study.instrument = asks({"kind": "rate", "key": "rating", "scales": [{"key": "match", "steps": "slider"}]})
    study.save()
    assert page_of(study).context["form"]["sd_clips"].value() == 10
    assert page_of(study).context["form"]["participants"].value() != 10
    assert page_of(study, RATED | {"difference": 95}).status_code == 400


def test_a_study_whose_main_question_compares_no_images_has_no_power_to_compute() -> None:
    study = make_study(clips=1, instrument=asks(MUSIC))
    response = page_of(study)
    assert response.status_code == 200
    assert "the main question of this study is none of them" in response.content.decode()
    assert page_of(study, RATED).status_code == 409
    study.refresh_from_db()
    assert "power" not in study.plan


def test_spreads_of_ratings_come_from_a_finished_study_on_the_same_scale() -> None:
    study = make_study(clips=1, instrument=asks(RATING))
    parts = {"var_participants": 0.16, "var_clips": 0.25, "var_residual": 1.0}
    rated = {"kind": "rate", "lowest": 1, "highest": 7, "conditions": list("abcd"), "factors": {"x": list("ab")}}
    for title, block in (
        ("Same scale", rated | {"primary": parts}),
        ("Other scale", rated | {"primary": parts, "highest": 5}),
        ("No components", rated | {"primary": {"estimate": 1.0}}),
    ):
        finished = make_open_study(clips=1, owner=study.owner, title=title)
        Analysis.objects.create(study=finished, state=Analysis.State.READY, result={"questions": {"match": block}})
        close(finished)
    spreads = page_of(study).context["form"].spreads
    assert [(found.title, found.spreads) for found in spreads.values()] == [
        ("Same scale", {"sd_participants": 0.4, "sd_clips": 0.5, "sd_residual": 1.0})
    ]
    assert "Same scale (0.40, 0.50, 1.00)" in page_of(study).content.decode()
    assert page_of(study, RATED | {"spreads_from": next(iter(spreads))}).status_code == 302
    study.refresh_from_db()
    assert study.plan["power"]["inputs"]["sd_clips"] == 0.5
