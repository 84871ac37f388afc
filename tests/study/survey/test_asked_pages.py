"""The trial page of studies with an instrument of their own, as a plain form: each preset, from question to review."""

import json
import re
from html import unescape

import pytest

from study import texts
from study.instruments.presets import PRESETS
from study.models import Ballot
from study.participants.quality import read_measures
from tests.factories import make_open_study
from tests.study.instruments.kinds import ALONE, EVERYTHING
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
RATED = {f"q.{key}.{letter}": str(at) for key in ("match", "quality") for at, letter in enumerate("ABCD", start=1)}
SENT: dict[str, dict] = {
    "match_and_quality": RATED,
    "pairs": {"first": "tie"},
    "valence_arousal": {
        f"q.{key}.{letter}": str(at + 4) for key in ("valence", "arousal") for at, letter in enumerate("ABCD", start=1)
    },
    "choose_and_rate": {"first": "B", "second": "D"}
    | {name: value for name, value in RATED.items() if name[-1] in "BD"},
    "everything": {
        "q.feeling": "calm",
        "first": "C",
        "second": "A",
        "rank3": "B",
        **{f"q.warmth.{letter}": "0" for letter in "ABC"},
        "q.warmth.D": "none",
        "q.shows.A": ["joy", "sorrow"],
        "q.why": "quiet <and> slow",
        "q.sure": "4",
    },
    "alone": {f"q.match.{letter}": "5" for letter in "ABCD"}
    | {f"q.warmth.{letter}": "37" for letter in "ABCD"}
    | {"q.loudness": "2"},
}
INSTRUMENTS = {**PRESETS, "everything": EVERYTHING, "alone": ALONE}


def visit_of(name: str, **fields) -> Visit:
    conditions = 2 if name == "pairs" else 4
    study = make_open_study(clips=1, conditions=conditions, instrument=INSTRUMENTS[name], **fields)
    return Visit(study).to_trials()


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form: ticked boxes, chosen buttons, and what is written."""
    form = page.partition('id="trial"')[2].partition("</form>")[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind, name = (re.search(rf'\b{what}="([^"]*)"', tag) for what in ("type", "name"))
        value = unescape((re.search(r'\bvalue="([^"]*)"', tag) or ["", "on"])[1])
        is_given = re.search(r"\bchecked\b", tag) if kind[1] in ("radio", "checkbox") else kind[1] != "hidden" and value
        if is_given and value:
            sent.setdefault(name[1], []).append(value)
    return sent


def as_lists(sent: dict) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in sent.items()}


@pytest.mark.parametrize("name", SENT)
def test_a_plain_form_answers_each_preset_and_shows_again_what_was_given(name):
    visit = visit_of(name)
    fresh = visit.open(1)
    assert fields_of(fresh) == {}, "no default counts as an answer"
    needed = next(iter(reversed([field for field in SENT[name] if not re.match(r"q\.(shows|why)", field)])))
    part = {field: value for field, value in SENT[name].items() if field != needed}
    refused = visit.post("trial/1/", part)
    assert refused.status_code == 422
    assert fields_of(refused.content.decode()) == as_lists(part), "a refused form keeps all that was entered"
    assert visit.post("trial/1/", SENT[name]).status_code == 303
    assert fields_of(visit.open(1)) == as_lists(SENT[name])
    assert Ballot.objects.count() == 1


def test_a_place_between_two_others_is_never_moved_up():
    visit = visit_of("everything")
    sent = {**SENT["everything"], "second": ""}
    assert visit.post("trial/1/", sent).status_code == 422
    page = visit.post("trial/1/", {**sent, "second": "A", "rank3": "", "rank4": "D"}).content.decode()
    assert "A place between two others is empty" in page


def test_the_review_shows_every_answer():
    visit = visit_of("everything")
    visit.post("trial/1/", SENT["everything"])
    page = visit.get("review/").content.decode()
    shown = re.findall(r'alt="Image (.)">\s*(?:<b>(.*?)</b>)?\s*(?:<span class="said number">(.*?)</span>)?', page)
    assert shown == [("C", "1st", "0 · –"), ("A", "2nd", "0 · joy, sorrow"), ("B", "3rd", "0 · –"), ("D", "", "– · –")]
    assert re.findall(r'<span class="line(?: quiet)?">(.*?)</span>', page) == [
        "Warmth · What does each image show?",
        "What does the music express? calm",
        "Why? One line is enough. quiet &lt;and&gt; slow",
        "How sure are you? 4",
    ]


@pytest.mark.parametrize(
    ("expected", "asked"),
    [
        ({"first": "B"}, "This time, choose image B."),
        (
            {"scale": "match", "value": 3},
            "This time, give every image 3 for “How well does the image match the music?”.",
        ),
    ],
)
def test_an_attention_trial_asks_for_what_it_expects(expected, asked):
    visit = visit_of("match_and_quality")
    visit.participant.trials.update(expected=expected)
    assert f"<h1>{asked}</h1>" in visit.open(1)


def test_what_is_asked_before_the_images_is_the_heading_and_their_own_question_is_right_before_them():
    page = visit_of("everything").open(1)
    headings = re.findall(r"<h[12]>\s*(.*?)\s*<", page)
    assert headings[:2] == ["What does the music express?", "Which image fits this music best?"]
    assert page.index("q.feeling") < page.index("<h2>Which image fits") < page.index("<img")


def test_a_trial_with_scales_names_image_ends_and_step_for_screen_readers():
    page = visit_of("valence_arousal").open(1)
    assert "Image B: Calm or excited? (1: very calm, 9: very excited)" in page
    assert 'aria-label="5 of 9"' in page


@pytest.mark.parametrize("trusted", [True, False])
def test_a_rating_that_no_hand_gave_is_evidence_of_a_script(trusted):
    visit = visit_of("match_and_quality")
    sent = [{"kind": "rate", "trial": 1, "data": {"image": "B", "trusted": trusted}}]
    assert visit.post("events/", {"events": json.dumps(sent)}).status_code == 204
    visit.post("trial/1/", SENT["match_and_quality"])
    person = visit.participant
    measures = read_measures(person.study, type(person).objects.all())[person.pk]
    assert measures["script_like"].value == (0 if trusted else 1)


def test_the_instructions_say_how_each_instrument_is_answered():
    page = {name: visit_of(name).get("instructions/").content.decode() for name in ("pairs", "alone")}
    assert "look at its two images" in page["pairs"]
    assert "0 says that both fit equally well" in page["pairs"]
    assert "look at its 4 images, and answer what is asked" in page["alone"]
    assert not any("your 1st" in text for text in page.values())


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("pairs", "You will hear a short piece of music 2 times and choose each time, from two images, the one that"),
        ("valence_arousal", "You will hear 2 short pieces of music and answer questions about 4 images each time."),
        ("choose_and_rate", "You will hear 2 short pieces of music and choose, from 4 images each time, the ones that"),
    ],
)
def test_the_first_page_and_the_consent_say_what_people_will_do(client, name, task):
    conditions = 2 if name == "pairs" else 4
    study = make_open_study(clips=2, conditions=conditions, instrument=INSTRUMENTS[name])
    first = client.get(f"/s/{study.open_link_token}/").content.decode()
    assert task in first
    chooses = name != "valence_arousal"
    assert ("Which images fit the music?" in first) == chooses
    assert ("say which images fit them best" in texts.consent(study)) == chooses
