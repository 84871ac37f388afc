"""The page “Questions in each trial” and its builder."""

import json
import re
from collections.abc import Callable
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from study.instruments.of_study import instrument_of
from study.instruments.presets import PRESETS
from study.instruments.questions import Choose, Pair, Rate
from study.instruments.reading import to_data
from study.instruments.words import PRESET_WORDS
from study.models import InviteLink, Participant, Study
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links
from study.setup.instrument_editing import set_instrument
from study.setup.instrument_text import instrument_yaml, read_instrument
from tests.config.fuzz.page_forms import form_with
from tests.factories import make_open_study, make_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@pytest.fixture
def study(owner: Any) -> Study:
    return make_study(clips=3, owner=owner, languages=["en", "ko"])


@pytest.fixture
def page(study: Study, as_user: SignIn) -> Client:
    return as_user(study.owner)


def url(study: Study, name: str = "study_instrument", *args: str) -> str:
    return reverse(name, args=[study.slug, *args])


def press(page: Client, study: Study, do: str, **more: str) -> str:
    return page.post(url(study, "instrument_change"), {"do": do, **more}, follow=True).text


def stored(study: Study) -> Any:
    study.refresh_from_db()
    return instrument_of(study)


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_is_taken_shown_and_written_as_yaml_that_reads_the_same(
    name: str, study: Study, page: Client
) -> None:
    offered = page.get(url(study)).text
    assert f'value="preset:{name}"' in offered
    assert str(PRESET_WORDS[name][1])[:40] in offered
    shown = press(page, study, f"preset:{name}")
    assert next(iter(stored(study).keys())) in shown
    assert study.instrument == (to_data(instrument_of(study)) if PRESETS[name] else {})
    assert read_instrument(instrument_yaml(instrument_of(study))) == to_data(instrument_of(study))
    for question in instrument_of(study).questions:
        form = form_with(page, url(study, "instrument_edit", question.key), "text_en")
        assert page.post(form.action, form.sent(do="save")).status_code == 302
    before, _now = study.instrument, stored(study)
    assert study.instrument == before, "saving what is shown changes nothing"


def test_a_rating_is_built_saved_moved_removed_and_put_back(study: Study, page: Client) -> None:
    form = form_with(page, url(study, "instrument_add", "rate"), "text_en")
    typed = {"text_en": "Rate each", "scale-0-text_en": "60s sound?", "scale-0-steps": "slider", "scale-0-low_en": "no"}
    more = page.post(form.action, form.sent(do="add-scale", **typed)).text
    assert more.count('name="scale-1-steps"') == 1
    assert page.post(form.action, form.sent(do="save", **typed)).status_code == 302
    [choose, rate] = stored(study).questions
    assert (choose.key, rate.key, rate.scales[0].key) == ("choice", "rate_each", "scale_60s_sound")
    assert (rate.scales[0].steps, rate.scales[0].low) == ("slider", {"en": "no"})

    press(page, study, "up:rate_each")
    assert [row.kind for row in stored(study).questions] == ["rate", "choose"]
    undo = press(page, study, "remove:rate_each")
    assert [row.kind for row in stored(study).questions] == ["choose"]
    assert study.instrument == {}, "the first and the second choice alone are the seed's"
    assert "can be put back" not in page.get(url(study)).text, "only the page after it offers that"
    hidden = dict(re.findall(r'name="(before|version)" value="([^"]*)"', undo))
    press(page, study, "undo", before=unescape(hidden["before"]), version="another")
    assert study.instrument == {}
    press(page, study, "undo", before=unescape(hidden["before"]), version=hidden["version"])
    assert [row.kind for row in stored(study).questions] == ["rate", "choose"]


def test_questions_without_texts_are_shown_as_participants_read_them(study: Study, page: Client) -> None:
    press(page, study, "preset:pairs")
    for kind in ("text", "confidence"):
        form = form_with(page, url(study, "instrument_add", kind), "text_en")
        assert page.post(form.action, form.sent(do="save")).status_code == 302
    shown = page.get(url(study)).text
    assert shown.count("Why? One line is enough.") > 0
    assert "missing" not in shown
    built = page.get(url(study, "instrument_edit", "confidence")).text
    for title in ("How sure are you?", "얼마나 확신하나요?"):
        assert f'<p class="survey-title">{title}</p>' in built
    assert built.count('data-row="q.confidence"') == 2


def test_a_rating_of_chosen_images_is_previewed_for_as_many_as_are_chosen(study: Study, page: Client) -> None:
    press(page, study, "preset:choose_and_rate")
    built = page.get(url(study, "instrument_edit", "rating")).text
    assert 'data-row="q.match.B"' in built
    assert 'data-row="q.match.C"' not in built


def test_what_cannot_be_saved_is_refused_beside_its_field_with_what_was_typed(study: Study, page: Client) -> None:
    press(page, study, "preset:match_and_quality")
    form = form_with(page, url(study, "instrument_edit", "rating"), "text_en")
    refused = page.post(form.action, form.sent(do="save", text_en="Mine", **{"scale-1-key": "match"}))
    assert refused.status_code == 400
    assert "Another question or answer is called so already" in refused.text
    assert "Mine" in refused.text
    assert stored(study).questions[0].text["en"] == "Rate each image"

    form = form_with(page, url(study, "instrument_add", "choose"), "ranks")
    for sent, why in (
        ({"ranks": "9"}, "less than or equal to 4"),
        ({"ranks": "3", "points": "1, 2, 3"}, "none above the one before"),
        ({"ranks": "3", "points": "a"}, "Write numbers with commas"),
        ({"key": "9lives"}, "begin with a small letter"),
        ({"key": "rating"}, "called so already"),
    ):
        refused = page.post(form.action, form.sent(do="save", **sent))
        assert refused.status_code == 400
        assert why in refused.text
    alone = page.post(url(study, "instrument_change"), {"do": "remove:rating"}, follow=True).text
    assert "A trial asks one question at least" in alone


def test_two_who_edit_one_question_do_not_overwrite_each_other(study: Study, page: Client) -> None:
    press(page, study, "preset:pairs")
    form = form_with(page, url(study, "instrument_edit", "pair"), "pairs_per_clip")
    assert page.post(form.action, form.sent(do="save", pairs_per_clip="2")).status_code == 302
    asked = page.post(form.action, form.sent(do="save", pairs_per_clip="3"))
    assert asked.status_code == 409
    assert stored(study).pairs_per_clip == 2
    assert isinstance(stored(study).questions[0], Pair)


def test_the_main_question_keeps_its_meaning_under_a_new_name(study: Study, page: Client) -> None:
    press(page, study, "preset:choose_and_rate")
    main = form_with(page, url(study), "primary")
    assert page.post(main.action, main.sent(primary="quality")).status_code == 302
    form = form_with(page, url(study, "instrument_edit", "rating"), "text_en")
    assert page.post(form.action, form.sent(do="save", **{"scale-1-key": "beauty"})).status_code == 302
    assert stored(study).primary == "beauty"
    press(page, study, "remove:rating")
    assert stored(study).primary_key == "choice"


def test_faults_of_yaml_are_named_with_their_line_and_more_ranks_than_images_are_refused(
    study: Study, page: Client
) -> None:
    form = form_with(page, url(study, "instrument_yaml"), "text")
    for text, why in (
        ("questions:\n  - kind: rate\n    key: a\n    scales:\n      - {key: b, steps: 6}", "line 5"),
        ("questions:\n  - kind: choose\n    key: a\n    ranks: 5", "ask for 4 at most"),
        ("- 1", "line 1"),
        ("questions: []", "line 1"),
    ):
        refused = page.post(form.action, form.sent(text=text))
        assert refused.status_code == 400
        assert why in refused.text
    assert (
        page.post(form.action, form.sent(text="questions:\n  - {kind: choose, key: best, ranks: 4}")).status_code == 302
    )
    assert isinstance(stored(study).questions[0], Choose)


def test_an_open_study_shows_its_questions_and_changes_none(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(owner=owner)
    Study.objects.filter(pk=study.pk).update(instrument=PRESETS["match_and_quality"])
    page = as_user(owner)
    shown = page.get(url(study)).text
    assert "How good is the image itself?" in shown
    assert "Start from a preset" not in shown
    refused = press(page, study, "preset:pairs")
    assert "this can no longer be changed" in refused
    assert isinstance(stored(study).questions[0], Rate)


def test_the_smallest_difference_leaves_the_plan_with_the_units_in_which_it_was_written(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(plan={"analysis": {"smallest": 0.5, "moderators": []}})
    set_instrument(study, PRESETS["choose_and_rate"])
    study.refresh_from_db()
    assert study.plan["analysis"]["smallest"] == 0.5
    assert set_instrument(study, PRESETS["match_and_quality"]) is True
    study.refresh_from_db()
    assert study.plan["analysis"] == {"moderators": []}


def test_pilots_go_when_something_else_is_asked_and_stay_when_only_words_change(study: Study, page: Client) -> None:
    create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    warning = "these pilots and their answers are erased"
    set_instrument(study, PRESETS["match_and_quality"])
    assert warning not in page.get(url(study)).text
    enrol(study, link=InviteLink.objects.get())
    assert warning in page.get(url(study)).text
    other_words = json.loads(json.dumps(PRESETS["match_and_quality"]).replace("music", "sound"))

    set_instrument(study, other_words)
    assert study.participants.count() == 1
    set_instrument(study, PRESETS["pairs"])
    assert study.participants.count() == 0


def test_the_plan_asks_only_for_what_the_questions_give_a_meaning(study: Study, page: Client) -> None:
    def fields() -> set[str]:
        return set(form_with(page, url(study, "study_plan"), "alpha").fields)

    choice = {"weight_first", "weight_second", "second_choice_required", "allow_none_fits"}
    assert choice | {"match_controls"} <= fields()
    assert "#points" in page.get(url(study, "study_plan")).text
    press(page, study, "preset:pairs")
    assert not choice & fields()
    of_pairs = page.get(url(study, "study_plan")).text
    assert not re.search(r"#points|1st|2nd|images to choose", of_pairs)
    assert "match_controls" in fields()
    press(page, study, "preset:match_and_quality")
    assert not (choice | {"match_controls", "rule_match_failed"}) & fields()
    Study.objects.filter(pk=study.pk).update(match_controls=2)
    assert "match_controls" in fields(), "what is set can be taken out"
    set_instrument(study, {"questions": [{"kind": "choose", "key": "best", "ranks": 3}]})
    assert {"second_choice_required", "allow_none_fits"} <= fields()
    assert not {"weight_first", "weight_second"} & fields()
    plan = page.get(url(study, "study_plan")).text
    assert "All choices are required" in plan
    assert "points: 3, 2, 1" in plan


def test_the_command_prints_and_changes_the_same_questions(study: Study, tmp_path: Path) -> None:
    def run(*words: str) -> dict[str, Any]:
        out = StringIO()
        verb, *more = words
        call_command("instrument", verb, study.slug, *more, "--as", study.owner.username, "--json", stdout=out)
        return json.loads(out.getvalue())

    assert run("preset", "choose_and_rate")["primary"] == "choice"
    assert run("primary", "quality")["primary"] == "quality"
    shown = run("show")
    assert read_instrument(shown["yaml"]) == to_data(stored(study))
    file = tmp_path / "questions.yaml"
    file.write_text(shown["yaml"].replace("key: quality", "key: beauty").replace("primary: quality", ""))
    assert run("set", str(file))["keys"] == ["choice", "match", "beauty"]
    assert run("change", "remove", "rating")["keys"] == ["choice"]
    with pytest.raises(CommandError, match="one question at least"):
        run("change", "remove", "choice")


def test_pages_of_pairs_and_ratings_speak_of_no_first_choice(study: Study, page: Client) -> None:
    press(page, study, "preset:match_and_quality")
    assert page.get(url(study, "study_describe")).text.count("Not shown: the questions in each trial") == 2
    assert "What the rule does" not in page.get(url(study, "study_analysis_rules")).text
    press(page, study, "preset:seed")
    assert "Not shown: the questions in each trial" not in page.get(url(study, "study_describe")).text
    assert "What the rule does" in page.get(url(study, "study_analysis_rules")).text

    pairs = make_open_study(clips=1, owner=study.owner, slug="pairs", instrument=PRESETS["pairs"])
    visit = Visit(pairs).to_trials()
    visit.post("trial/1/", {"first": "B"})
    visit.post("trial/2/", {"first": "tie"})
    told = page.get(url(pairs, "participant_replay", visit.participant.code)).text
    assert "β fits better" in told or "α fits better" in told
    assert "both fit equally well" in told
    assert "1st" not in told
