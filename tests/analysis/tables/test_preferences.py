"""Preference pairs for reward models: of every kind of question, counted, with their terms, and never while sealed."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from django.core.management import call_command

from analysis.study_results.analyses import build_analysis
from analysis.tables.preference_zip import preferences_zip
from analysis.tables.preferences import COLUMNS, compare, preferences_of
from study.errors import NotAllowedNow
from study.instruments.presets import PRESETS
from study.models import Ballot, Participant, Stimulus, Study
from tests.analysis.answered_instruments import instrument_study
from tests.analysis.answered_studies import answered_study, close

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def unzipped() -> Any:
    def of(content: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    return of


@pytest.mark.parametrize(
    ("kind", "one", "other", "better"),
    [
        ("choose", 1, 2, 1),
        ("choose", 2, 1, -1),
        ("choose", 2, "", 1),
        ("choose", "", 1, -1),
        ("choose", "", "", None),
        ("pair", 1, 0, 1),
        ("pair", 0.5, 0.5, 0),
        ("rate", 3, 5, -1),
        ("rate", 4, 4, 0),
        ("rate", "", 5, None),
    ],
)
def test_what_an_answer_says_of_two_images(kind, one, other, better) -> None:
    assert compare(kind, one, other) == better


def closed_choices(people: int = 6) -> Study:
    return close(answered_study(people=people, clips=2))


def test_choices_prefer_what_was_chosen_over_what_was_shown() -> None:
    study = closed_choices()
    Participant.objects.filter(study=study, number=1).update(excluded=True)
    found = preferences_of(study)
    (clip, *_), key = study.clips.order_by("number"), dict(study.conditions.values_list("pk", "key"))
    for row in found.rows:
        if row["clip"] != clip.name:
            continue
        by_hand = 0
        for ballot in Ballot.objects.filter(trial__clip=clip, trial__participant__number__gt=1, trial__kind="main"):
            ranks = [key[image.condition_id] for image in (ballot.first, ballot.second)]
            chosen, rejected = row["chosen_condition"], row["rejected_condition"]
            by_hand += chosen in ranks and (rejected not in ranks or ranks.index(chosen) < ranks.index(rejected))
        assert row["preferred"] == by_hand > 0
        assert row["weight"] == by_hand / (by_hand + row["preferred_other"])
    assert found.people == 5
    weights = {(row["clip"], row["chosen"], row["rejected"]): row["weight"] for row in found.rows}
    for (name, chosen, rejected), weight in weights.items():
        assert weight + weights.get((name, rejected, chosen), 0) == 1


def test_hidden_repeats_count_once_and_pairs_of_few_people_are_left_out() -> None:
    study = close(answered_study(people=5, clips=2, repeats=1))
    assert max(row["preferred"] + row["preferred_other"] for row in preferences_of(study).rows) <= 5
    left = Participant.objects.get(study=study, number=2)
    Participant.objects.filter(pk=left.pk).update(excluded=True)
    with pytest.raises(NotAllowedNow, match="compared by 5 people or more"):
        preferences_of(study)


def test_ratings_and_pairs_have_ties() -> None:
    pairs = preferences_of(instrument_study(dict(PRESETS["pairs"]) | {"pairs_per_clip": 6}, clips=1))
    rated = preferences_of(instrument_study(PRESETS["match_and_quality"], clips=1))
    assert (pairs.question, rated.question) == ("pair", "match")
    for found in (pairs, rated):
        assert sum(row["ties"] for row in found.rows) > 0
        assert {row["preferred"] + row["preferred_other"] + row["ties"] for row in found.rows} == {6}
        redefined = [row for row in found.rows if row["chosen_condition"].startswith("redefined")]
        assert sum(row["weight"] for row in redefined) > len(found.rows) / 4


def test_nothing_is_given_of_a_sealed_study_nor_of_one_that_compares_nothing() -> None:
    with pytest.raises(NotAllowedNow, match="sealed"):
        preferences_of(answered_study(people=5, clips=1))
    music = {"questions": [{"kind": "rate", "key": "r", "of": "music", "scales": [{"key": "loud", "steps": 5}]}]}
    with pytest.raises(NotAllowedNow, match="no question of this study compares images"):
        preferences_of(instrument_study(music, people=1, clips=1))


def test_the_zip_holds_the_same_rows_twice_and_states_its_terms(unzipped) -> None:
    study = closed_choices()
    image = Stimulus.objects.filter(clip__study=study).first()
    assert image is not None
    image.provenance = {"prompt": "a quiet, grey sea"}
    image.save()
    files = unzipped(preferences_zip(study))
    lines = pd.read_json(io.BytesIO(files["preferences.jsonl"]), lines=True)
    table = pd.read_parquet(io.BytesIO(files["preferences.parquet"]))
    assert [*lines.columns] == [*table.columns] == [*COLUMNS]
    for name in COLUMNS:
        one, other = ([None if pd.isna(value) else value for value in frame[name]] for frame in (lines, table))
        assert one == pytest.approx(other)
    assert "a quiet, grey sea" in set(table["prompt"]) | set(table["rejected_prompt"])
    text = files["README.md"].decode()
    card = yaml.safe_load(text.split("---\n")[1])
    assert (card["license"], card["configs"][0]["data_files"]) == ("unknown", "preferences.parquet")
    assert "Without a licence nobody else may use the data" in text
    assert study.plan_digest in text


@pytest.mark.parametrize(
    ("licence", "stated"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ('Our "own"', {"license": "other", "license_name": 'Our "own"'}),
    ],
)
def test_the_licence_of_the_study_stands_in_the_readme(unzipped, licence, stated) -> None:
    study = closed_choices(5)
    study.licence, study.plan = (
        licence,
        study.plan | {"consent": {"en": "I agree:\nto all of it.", "ko": "동의합니다."}},
    )
    text = unzipped(preferences_zip(study))["README.md"].decode()
    card = yaml.safe_load(text.split("---\n")[1])
    assert {key: value for key, value in card.items() if key.startswith("license")} == stated
    assert f"**Licence of the data**: {licence}" in text
    assert "> I agree:\n> to all of it." in text


def test_the_command_writes_the_zip(tmp_path: Path, unzipped) -> None:
    study = closed_choices(5)
    build_analysis(study)
    out = tmp_path / "p.zip"
    call_command("results", "preferences", study.slug, f"--as={study.owner}", f"--out={out}")
    rows = [json.loads(line) for line in unzipped(out.read_bytes())["preferences.jsonl"].splitlines()]
    assert rows == preferences_of(study).rows
    assert study.log.get(action="downloaded").data["file"] == "preferences.zip"
