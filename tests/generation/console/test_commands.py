"""`images` and `review`: what the pages of generation do, by commands."""

from typing import Any

import pytest

from generation.models import GenerationRun
from generation.runs import execution
from generation.settings_model import settings_of
from study.models import Study
from tests.config.test_console_commands import run
from tests.generation.studies import add_painted_rows

pytestmark = pytest.mark.django_db


def test_settings_are_checked_and_a_run_is_started_watched_and_cancelled(study: Any) -> None:
    by = ("--as", study.owner.username)
    assert run("images", "settings", study.slug, "tag_limit=7", *by)["changed"] == ["tag_limit"]
    assert settings_of(study).tag_limit == 7
    assert study.log.last().actor == study.owner
    assert "tag_limit:" in run("images", "settings", study.slug, "tag_limit=0", *by)["error"]
    assert "painter: Select a valid choice" in run("images", "settings", study.slug, "painter=none", *by)["error"]
    assert run("images", "start", study.slug, *by)["run"] == 1
    assert run("images", "status", study.slug, *by)["state"] == "running"
    assert "A run is in progress" in run("images", "settings", study.slug, "tag_limit=8", *by)["error"]
    assert run("images", "cancel", study.slug, *by)["run"] == 1
    assert GenerationRun.objects.get().state == GenerationRun.State.CANCELLED
    assert "No run is going on" in run("images", "cancel", study.slug, *by)["error"]
    run("images", "start", study.slug, *by)
    execution.run_pending(study)
    assert run("images", "status", study.slug, *by)["images_ready"] == 4 * study.clips.count()


def test_images_are_approved_as_they_are_now_and_decisions_undone(study: Any) -> None:
    add_painted_rows(study, 3)
    study.clips.filter(number__lte=3).delete()
    by = ("--as", study.owner.username)
    rows = run("review", "list", study.slug, *by)["clips"]
    plain = [row["name"] for row in rows if row["complete"] and not row["asks_for_a_look"]]
    one, other = plain[:2]
    assert run("review", "approve", study.slug, "--all", *by)["approved"] == plain
    assert run("review", "undo", study.slug, *by)["clips"] == plain
    assert "error" in run("review", "approve", study.slug, one, "--seen", "other.0", *by)
    assert run("review", "approve", study.slug, one, *by)["approved"] == [one]
    run("review", "reopen", study.slug, one, *by)
    run("review", "leave-out", study.slug, other, "--reason", "too loud", *by)
    assert study.clips.get(name=other).exclusion_reason == "too loud"
    run("review", "take-in", study.slug, other, *by)
    assert study.clips.get(name=other).included
    third = study.clips.get(number=6).name  # whose tags ask
    contested = run("review", "decide", study.slug, third, *by)["contested"]
    tag = next(iter(contested))
    assert "not contested" in run("review", "decide", study.slug, third, "zither=keep", *by)["error"]
    assert run("review", "decide", study.slug, third, f"{tag}=remove", *by)["new"] == 1
    assert run("review", "decide", study.slug, third, *by)["contested"] == contested | {tag: "remove"}


def test_no_command_tells_of_contested_tags_while_the_study_is_blinded(study: Any) -> None:
    add_painted_rows(study, 3)
    by = ("--as", study.owner.username)
    third = study.clips.get(number=6).name
    assert run("review", "decide", study.slug, third, *by)["contested"]
    assert run("images", "status", study.slug, *by)["to_decide"]
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    for words in ((), ("zither=keep",)):
        refused = run("review", "decide", study.slug, third, *words, *by)
        assert refused == {"error": "While the study takes answers, nothing is told of its images."}
    assert "to_decide" not in run("images", "status", study.slug, *by)


def test_unknown_tags_are_decided(study: Any) -> None:
    study.clips.update(imported_tags=["giutar", "piano"])
    by = ("--as", study.owner.username)
    assert [row["tag"] for row in run("images", "unknown-tags", study.slug, *by)["tags"]] == ["giutar"]
    assert "does not know" in run("images", "unknown-tags", study.slug, "giutar=gitar", *by)["error"]
    run("images", "unknown-tags", study.slug, "giutar=guitar", *by)
    assert [row["choice"] for row in run("images", "unknown-tags", study.slug, *by)["tags"]] == ["guitar"]
    assert study.log.last().action == "tag choices saved"
