"""What /metrics tells, and to whom."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config.health import readiness
from config.metrics import figures
from generation.models import ClipStep
from study.background_work.signs_of_life import note_life
from study.models import Ballot, Worker
from study.setup.copying import copy_study
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import browser
from tests.factories import make_study

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"
Samples = dict[tuple[str, ...], float]


@pytest.fixture
def site(settings: Any, tmp_path: Path, monkeypatch: Any) -> Client:
    """A client of a site with a token, whose counts begin at nothing."""
    settings.METRICS_TOKEN, settings.DATA_DIR = TOKEN, tmp_path
    monkeypatch.setattr(readiness, "faults", lambda: [])
    return Client()


def scrape(client: Client) -> Samples:
    """Return each sample by its name and the values of its labels; the parser refuses what Prometheus would."""
    response = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    found: Samples = {}
    for family in text_string_to_metric_families(response.content.decode()):
        for sample in family.samples:
            key = (sample.name, *(sample.labels[label] for label in sorted(sample.labels)))
            assert key not in found, "twice the same sample"
            found[key] = sample.value
    return found


def test_without_a_token_that_is_set_the_address_does_not_exist() -> None:
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_only_who_shows_the_token_reads_it(site: Client) -> None:
    for shown in ("", "Bearer wrong", TOKEN, f"bearer {TOKEN}é"):
        response = site.get("/metrics", headers={"authorization": shown})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert b"earsight_info" not in response.content
    right = {"authorization": f"Bearer {TOKEN}"}
    response = site.get("/metrics", headers=right)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert not response.cookies
    assert site.post("/metrics", headers=right).status_code == 405


def test_requests_are_counted_by_view_and_never_by_address(site: Client) -> None:
    study = make_study(clips=1, slug="zither-study")
    owner = browser(study.owner)
    for _number in range(2):
        assert owner.get(reverse("study_overview", args=[study.slug])).status_code == 200
    assert site.get("/p/zither-token-zither-token/").status_code == 404
    assert site.get("/no-such-zither/").status_code == 404
    found = scrape(site)
    assert found["earsight_request_seconds_count", "study_overview"] == 2
    assert found["earsight_request_seconds_bucket", "+Inf", "study_overview"] == 2
    assert found["earsight_request_seconds_sum", "study_overview"] > 0
    assert found["earsight_responses_total", "4xx", "survey_personal"] == 1
    assert found["earsight_responses_total", "4xx", "other"] == 1
    assert "zither" not in str(found)


def test_work_workers_and_answers_are_told_without_anybody(site: Client) -> None:
    study = closed_study(clips=2, people=3, title="Zither answers", slug="zither")
    run = study.generation_runs.create(number=1)
    now = timezone.now()
    clips = list(study.clips.order_by("number"))
    state = ClipStep.State
    for clip, kind, step_state, ended in (
        (clips[0], "paint", state.WAITING, None),
        (clips[0], "write", state.DONE, now - timedelta(minutes=1)),
        (clips[0], "redefine", state.DONE, now - timedelta(hours=1)),
        (clips[1], "paint", state.FAILED, now - timedelta(minutes=2)),
    ):
        ClipStep.objects.create(
            clip=clip, run=run, kind=kind, position=1, queue="gpu", state=step_state, finished_at=ended
        )
    study.blinding_audits.create(state="passed", moved_at=now)
    copy = copy_study(study, title="Rehearsal", owner=study.owner, simulated=True, rehearsal_of_id=study.pk)
    copy.generation_runs.update(finished_at=now)
    copy.analyses.create(state="failed")
    note_life(Worker.Kind.WORKER, ["cpu"])
    note = Path(figures.settings.DATA_DIR) / "last_backup.json"
    note.write_text(json.dumps({"at": now.isoformat(), "to": "here"}), encoding="utf-8")
    found = scrape(site)
    assert found["earsight_queue_waiting", "gpu"] == 1
    assert 0 <= found["earsight_queue_age_seconds", "gpu"] <= 120
    assert found["earsight_queue_age_seconds", "api"] == 0
    assert (found["earsight_workers_alive", "cpu"], found["earsight_workers_alive", "gpu"]) == (1, 0)
    assert found["earsight_steps", "done"] == 2
    assert found["earsight_steps", "running"] == 0
    assert found["earsight_steps_last_5_minutes", "done"] == 1
    assert found["earsight_steps_last_5_minutes", "failed"] == 1
    assert found["earsight_failed", "step"] == 1
    assert found["earsight_failed", "analysis"] == 0, "that of a rehearsal is told on its page"
    newest = Ballot.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert found["earsight_ballots_total",] == newest
    assert found["earsight_ballots_last_5_minutes",] == Ballot.objects.count() == 6
    for name in ("last_backup", "last_backup_with_files", "last_blinding_audit"):
        assert found[f"earsight_{name}_timestamp_seconds",] == pytest.approx(now.timestamp(), abs=1)
    assert found["earsight_disk_free_bytes", "data"] > 0
    assert (found["earsight_ready",], found["earsight_database_up",]) == (1, 1)
    words = str(found)
    assert "zither" not in words.lower()
    assert study.owner.username not in words
    [seen] = [value for key, value in found.items() if key[0] == "earsight_worker_seen_age_seconds"]
    assert 0 <= seen < 120


def test_a_scrape_needs_as_many_queries_however_much_there_is(site: Client) -> None:
    counts = []
    for _turn in range(2):
        closed_study(clips=2, people=2)
        with CaptureQueriesContext(connection) as queries:
            scrape(site)
        counts.append(len(queries))
        assert not [
            query["sql"]
            for query in queries
            if 'COUNT(*) FROM "study_ballot"' in query["sql"].partition(" WHERE")[0] and "WHERE" not in query["sql"]
        ]
    assert counts[0] == counts[1] <= 20


def test_a_database_that_is_away_leaves_the_figures_of_the_web_server(site: Client, monkeypatch: Any) -> None:
    def away() -> Callable[[], Any]:
        raise OperationalError("away")

    monkeypatch.setattr(figures, "depths", away)
    found = scrape(site)
    assert found["earsight_database_up",] == 0
    assert ("earsight_disk_free_bytes", "data") in found
    assert not [key for key in found if key[0] == "earsight_ballots_total"], "no figure is better than a wrong one"
