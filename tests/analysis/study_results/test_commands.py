"""`results` and `planning`: what the pages of the analysis do, by commands."""

from pathlib import Path

import pytest

from analysis.models import SharedReport
from tests.analysis.answered_studies import closed_study
from tests.config.test_console_commands import run
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def test_answers_are_analysed_printed_and_shared_once_the_seal_is_off(tmp_path: Path) -> None:
    study = closed_study(people=3, clips=2)
    by = ("--as", study.owner.username)
    assert "no results yet" in run("results", "show", study.slug, *by)["error"]
    assert run("results", "analyse", study.slug, "--here", *by)["state"] == "ready"
    shown = run("results", "show", study.slug, *by)
    assert shown["current"] is True
    assert shown["analysis"]["n_ballots"] == 6
    assert len(run("results", "ballots", study.slug, *by)["rows"]) == 6
    assert len(run("results", "answers", study.slug, *by)["rows"]) == 3
    run("results", "report", study.slug, "--out", str(tmp_path / "report"), *by)
    assert [(entry.data["file"], entry.actor) for entry in study.log.filter(action="downloaded")] == [
        (name, study.owner) for name in ("analysis.json", "ballots.json", "participants.json", "report (en)")
    ]
    made = run("results", "share", study.slug, "--days", "3", "--note", "reviewers", *by)
    assert "/report/" in made["address"]
    assert [row["note"] for row in run("results", "shared", study.slug, *by)["links"]] == ["reviewers"]
    run("results", "end-share", study.slug, str(made["id"]), *by)
    assert not SharedReport.objects.exists()
    assert run("results", "gallery", study.slug, *by) == {"on": False}
    shown = run("results", "gallery-on", study.slug, "--images", *by)
    told = run("results", "gallery", study.slug, *by)
    assert told == {
        "on": True,
        "hidden": False,
        "address": shown["address"],
        "images": True,
        "sounds": False,
        "names": False,
        "prompts": False,
        "indexed": False,
    }
    assert "is on" in run("results", "gallery-on", study.slug, *by)["error"]
    run("results", "gallery-off", study.slug, *by)
    assert run("results", "gallery", study.slug, *by) == {"on": False}


def test_reporting_answers_and_rules_are_checked_as_on_their_pages() -> None:
    study = make_study(clips=2, trials_per_participant=2)
    by = ("--as", study.owner.username)
    assert run("planning", "reporting", study.slug, "reward=5 EUR", *by)["changed"] == ["reward"]
    assert run("planning", "reporting", study.slug, *by)["values"]["reward"] == "5 EUR"
    run("planning", "rules", study.slug, "smallest=0.5", *by)
    assert run("planning", "rules", study.slug, *by)["values"]["smallest"] == 0.5
    assert "smallest:" in run("planning", "rules", study.slug, "smallest=99", *by)["error"]
    assert run("planning", "power", study.slug, "participants=20", *by)["state"] == "waiting"
    inputs = run("planning", "power", study.slug, *by)["inputs"]
    assert (inputs["participants"], inputs["clips_per_participant"]) == (20, 2)
