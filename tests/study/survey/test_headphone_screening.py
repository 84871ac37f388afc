"""The headphone screening: six sounds of three tones, as Woods and others (2017) describe them."""

import re

import numpy as np
import pytest
import soundfile
from django.conf import settings

from study.models import Study
from study.participants.headphones import QUIETEST
from tests.factories import make_open_study
from tests.study.visits import Visit

CORRECT = {f"quietest_{sound}": str(place) for sound, place in QUIETEST.items()}


@pytest.mark.parametrize("sound", QUIETEST)
def test_a_sound_has_a_quiet_tone_and_one_in_opposite_phase(sound):
    samples, rate = soundfile.read(settings.BASE_DIR / f"static/audio/headphones-{sound}.mp3")
    starts = [0.1 + 0.2, 1.6 + 0.2, 3.1 + 0.2]  # within each tone of one second, half a second apart
    tones = [samples[int(start * rate) : int((start + 0.6) * rate)] for start in starts]
    levels = [20 * np.log10(np.sqrt((tone**2).mean())) for tone in tones]
    phases = [np.corrcoef(tone.T)[0, 1] for tone in tones]
    quiet = QUIETEST[sound] - 1
    assert int(np.argmin(levels)) == quiet
    assert max(levels) - min(levels) == pytest.approx(6, abs=0.3)
    assert sorted(round(phase) for phase in phases) == [-1, 1, 1]
    assert phases[quiet] > 0.99, "the quiet tone must not be the one that loudspeakers cancel"
    peak = np.abs(np.fft.rfft(tones[0][:, 0])).argmax() * rate / len(tones[0])
    assert peak == pytest.approx(200, abs=2)


def test_each_place_is_quietest_twice():
    assert sorted(QUIETEST.values()) == [1, 1, 2, 2, 3, 3]


@pytest.fixture
def study(db: None) -> Study:
    return make_open_study(clips=1, headphone_check=True)


def to_sound(study: Study) -> Visit:
    visit = Visit(study)
    assert visit.post("consent/", {"agree": "on"}).headers["Location"].endswith("/sound/"), "also without a sound check"
    return visit


def heard_order(page: str) -> list[str]:
    return re.findall(r"audio/headphones-(\d)", page)


def test_people_hear_the_six_sounds_in_orders_of_their_own_that_a_reload_keeps(study):
    visits = [to_sound(study) for _ in range(4)]
    orders = [heard_order(visit.get("sound/").content.decode()) for visit in visits]
    assert all(sorted(order) == list("123456") for order in orders)
    assert len(set(map(tuple, orders))) > 1
    assert heard_order(visits[0].get("sound/").content.decode()) == orders[0]


def test_a_missing_answer_is_asked_for_and_the_others_are_kept(study):
    visit = to_sound(study)
    page = visit.post("sound/", {"heard": "yes"} | CORRECT | {"quietest_4": ""})
    assert page.status_code == 422
    text = page.content.decode()
    assert "Please play each of the six sounds" in text
    assert len(re.findall(r'name="quietest_\d"[^>]*checked', text)) == 5
    assert "sound" not in visit.participant.answers
    assert visit.post("sound/", {"heard": "yes"} | CORRECT).status_code == 303
    assert visit.participant.answers["sound"]["right"] == 6


def test_who_hears_nothing_may_go_on(study):
    visit = to_sound(study)
    assert visit.post("sound/", {"heard": "no"}).headers["Location"].endswith("/instructions/")
    assert visit.participant.answers["sound"] == {"heard": "no"}


def test_an_answer_that_is_no_tone_is_refused(study):
    visit = to_sound(study)
    assert visit.post("sound/", {"heard": "yes"} | CORRECT | {"quietest_1": "4"}).status_code == 422
    assert visit.post("sound/", {"heard": "perhaps"} | CORRECT).status_code == 422
