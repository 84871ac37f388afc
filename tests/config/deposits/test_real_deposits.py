"""Deposits of real studies, read by the validators of others, made again number by number, and compared."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.comparison.effects import SAME_STUDY
from analysis.comparison.files import read_source
from analysis.comparison.matching import Choice, match
from analysis.comparison.source_facts import source_of
from analysis.comparison.study_sources import study_facts
from analysis.statistics.results import THESE_CLIPS
from config.demo import study as demo
from config.deposits import paths
from config.deposits.facts import publication_facts, save_publication_facts
from config.deposits.reproduction.reproducing import reproduce
from config.deposits.writing import found_in, write_deposit
from study.models import Study
from tests.analysis.answered_studies import answered_study, close
from tests.config.bundles.test_instrument_bundles import PAIRS, open_study
from tests.config.bundles.test_taking_in import lived_study
from tests.config.bundles.test_taking_in_stages import staged_study
from tests.config.deposits.studies import TODAY, ready, rows
from tests.config.deposits.validated import check_deposits, check_tables
from tests.factories import UserFactory
from tests.generation.runs import fake_pipeline
from tests.study.conftest import tone

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),  # in mlcroissant
]
OPTIONAL = {"allow_none_fits": True, "second_choice_required": False, "title": "=six, 여섯"}
TAGS = "classical;classic;piano;piano solo;slow"


@pytest.fixture
def demos_copy(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The demo's closed copy: its own steps without their models, its own participants."""
    fake_pipeline.install(monkeypatch.setattr)
    monkeypatch.setattr("generation.runs.queueing._publish", lambda step_id, queue: None)
    settings.MEDIA_ROOT = str(tmp_path / "media")
    music = tmp_path / "music"
    music.mkdir()
    for number in range(2):
        (music / f"{number}.wav").write_bytes(tone(pitch=300 + 40 * number))
    (tmp_path / "tags.csv").write_text(f"clip,tags\n0.wav,{TAGS}\n1.wav,{TAGS}\n")
    source = demo.DemoSource(music, tmp_path / "tags.csv")
    study = demo.ensure_study(source, UserFactory(username="demo"), lambda _note: None)
    demo.generate_here(study, lambda _run: None)
    copy = demo.ensure_answered_copy(study, lambda _note: None, people=3)
    copy.refresh_from_db()
    return copy


def deposited(study: Study, folder: Path) -> Path:
    """Write the deposit of a closed study whose researchers keep all that the check has found."""
    Study.objects.filter(pk=study.pk).update(grace_minutes=0)
    study = ready(study)
    kept = tuple(finding.accept_as for finding in found_in(study))
    save_publication_facts(study, replace(publication_facts(study), kept=kept))
    list(write_deposit(study, folder, today=TODAY))
    return folder


def test_deposits_of_the_demos_copy_and_of_ratings_are_valid_everywhere_and_made_again(
    demos_copy: Study, tmp_path: Path
) -> None:
    folders = [deposited(demos_copy, tmp_path / "demo"), deposited(close(open_study()), tmp_path / "ratings")]
    check_deposits(folders)
    for folder in folders:
        found = reproduce(folder)
        assert (found.is_reproduced, found.faults, found.differences) == (True, (), ())
    assert len(list((tmp_path / "demo" / paths.IMAGES).iterdir())) == 8
    assert "Simulated" in (tmp_path / "demo" / "README.md").read_text(encoding="utf-8")

    # Beside the study itself its deposit is the same study, as a folder and as a zip.
    demos_copy.refresh_from_db()
    fields = study_facts(demos_copy)
    study = source_of(fields["name"], "study", fields["digest"], fields["result"], fields["facts"], slug=fields["slug"])
    deposit = read_source(tmp_path / "demo", "demo")
    assert (deposit.name, deposit.simulated) == (demos_copy.title, True)
    assert deposit.clips == study.clips
    assert [effect.contrast for effect in deposit.effects] == [effect.contrast for effect in study.effects]
    zipped = Path(shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path / "demo"))
    same = next(effect for effect in study.effects if effect.population == THESE_CLIPS and effect.se)
    choice = Choice(contrast=same.contrast.key, measure=same.measure, population=THESE_CLIPS)
    matched = match([study, deposit, read_source(zipped, "zipped.zip")], choice)
    assert [(row.source.name, row.reason) for row in matched.left_out] == [(demos_copy.title, SAME_STUDY)] * 2


def test_tables_of_pairs_stages_versions_repeats_and_other_numbers_of_conditions_are_as_they_are_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.deposits.gathering.report_files", lambda _shown: [])
    lived = lived_study()
    for person in lived.participants.all():  # no page has asked so
        person.answers = {step: said for step, said in person.answers.items() if step != "sound"}
        person.save(update_fields=["answers"])
    studies = {
        "lived": lived,
        "pairs": close(open_study(PAIRS)),
        "staged": staged_study(),
        "six": close(answered_study(people=3, clips=2, conditions=6, **OPTIONAL)),
        "two": close(answered_study(people=3, clips=2, conditions=2)),
    }
    for name, study in studies.items():
        check_tables(deposited(study, tmp_path / name))
    tables = {name: {path.name for path in (tmp_path / name / "data").iterdir()} for name in studies}
    assert {"description-ballotspilot_data.csv", "description-ballotsfollowup_data.csv"} <= tables["staged"]
    assert "description-matchcontrol_data.csv" in tables["lived"]
    assert "description-answers_data.csv" in tables["pairs"]
    people = rows(tmp_path / "staged" / paths.PARTICIPANTS)
    assert {(row["stage"], row["study_version"]) for row in people} >= {("pilot", "1"), ("follow_up", "3")}
    told = (tmp_path / "staged" / paths.STUDY).read_text(encoding="utf-8")
    assert "People excluded by hand after opening: 1." in told
    assert "slept" not in told
    # Deposits of two studies of the same conditions are compared, each under its title.
    sources = [read_source(tmp_path / name, name) for name in ("lived", "staged")]
    matched = match(sources, Choice(population=THESE_CLIPS))
    assert [row.source.name for row in matched.included] == [studies["lived"].title, studies["staged"].title]
    assert [source.simulated for source in sources] == [False, False]
