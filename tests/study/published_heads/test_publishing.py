"""Heads leave the house: at opening, daily, at closing; never twice, and never lost because a place was away."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from study.background_work import messages
from study.models import ChainHead, LogEntry, Study
from study.models.log import record
from study.published_heads import publishing
from study.published_heads.heads import NoHead, head_faults, parse_head, read_heads
from study.published_heads.publishing import NOT_PUBLISHED, PUBLISHED, due, publish_due
from study.setup.lifecycle import close_study
from tests.factories import UserFactory, make_open_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.HEADS_FILE = tmp_path / "other machine" / "heads.txt"
    settings.HEADS_FILE.parent.mkdir()
    return settings.HEADS_FILE


@pytest.fixture
def study(file: Path) -> Study:
    study = make_open_study(clips=1)
    study.members.add(UserFactory(email="colleague@example.org"), UserFactory(email=""))
    record(study, "opened", plan_digest="")
    return study


def lines_of(file: Path, study: Study) -> list[list[str]]:
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [line[2:] for line in lines if line[1] == study.slug]


def head_of(study: Study) -> list[str]:
    chain = ChainHead.objects.get(study=study)
    return [str(chain.number), chain.head]


def test_a_head_is_published_at_opening_daily_and_at_closing_and_each_time_once(
    study: Study, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [head_of(study)]
    for _twice in range(2):
        publish_due()
    assert lines_of(file, study) == heads
    assert [message.to for message in mail.outbox] == [sorted([study.owner.email, "colleague@example.org"])]
    assert ":".join(heads[0]) in mail.outbox[0].body
    assert due(study, timezone.now() + timedelta(days=1)) == {}  # nothing has happened since

    record(study, "links created", links=1, cap=None, kind="open")
    assert due(study) == {}
    tomorrow = timezone.now() + timedelta(days=1)
    assert set(due(study, tomorrow).values()) == {"daily"}
    monkeypatch.setattr(publishing.timezone, "now", lambda: tomorrow)
    heads.append(head_of(study))
    publish_due()
    close_study(study)
    heads.append(head_of(study))
    publish_due()
    publish_due()
    assert lines_of(file, study) == heads
    occasions = [entry.data["occasion"] for entry in study.log.filter(action=PUBLISHED)]
    assert occasions == ["opening", "daily", "closing"]
    assert read_heads(file.read_text(), "heads.txt")
    assert (
        head_faults(
            [parse_head(":".join(head), study.slug) for head in heads],
            dict(study.log.values_list("number", "head")),
        )
        == []
    )


def test_a_place_that_is_away_is_told_once_and_tried_until_it_takes_the_head(study: Study, file: Path) -> None:
    publish_due()
    before = lines_of(file, study)
    file.rename(file.with_name("elsewhere"))  # the other machine's folder is not connected
    close_study(study)
    closing = head_of(study)
    for _attempt in range(3):
        publish_due()
    assert not file.exists()  # no new file where the folder would be
    [entry] = study.log.filter(action=NOT_PUBLISHED)
    assert set(entry.data["problems"]) == {"file"}
    assert "Connect its folder again" in entry.data["problems"]["file"]
    assert due(study) == {"file": "closing"}
    assert len(mail.outbox) == 2  # mails are not repeated because the file is away
    file.with_name("elsewhere").rename(file)
    with file.open("a") as torn:
        torn.write("2026-01-01T00:00:00+00:00 cut-o")
    publish_due()
    whole = [line.split()[2:] for line in file.read_text().splitlines() if line.split()[1] == study.slug]
    assert whole[0] == before[0]
    assert int(whole[-1][0]) >= int(closing[0])
    assert due(study) == {}
    with pytest.raises(NoHead, match="remove one"):
        read_heads(file.read_text(), "heads.txt")


def test_only_one_process_publishes_at_a_time(study: Study, file: Path) -> None:
    with publishing._alone() as alone:
        assert alone
        assert publish_due() == []
    assert len(publish_due()) >= 1


def test_opening_is_not_stopped_by_a_broker_that_is_away(
    study: Study, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_args: Any, **_options: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(messages.current_app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        close_study(study)
    assert study.status == Study.Status.CLOSED
    assert set(due(study).values()) == {"closing"}  # beat makes up for it


def test_simulated_studies_and_drafts_are_not_published(file: Path) -> None:
    for study in (make_open_study(clips=1, simulated=True), make_open_study(clips=1, status=Study.Status.DRAFT)):
        record(study, "opened", plan_digest="")
    publish_due()
    assert not LogEntry.objects.filter(action=PUBLISHED, study__isnull=False).exists()


def test_the_command_publishes_what_is_due_and_prints_lines_that_verify_takes(
    study: Study, file: Path, capsys: Any
) -> None:
    call_command("publish_heads")
    printed = capsys.readouterr()
    assert "(opening): console, mail, file" in printed.err
    assert read_heads(printed.out, "printed")
    call_command("publish_heads", study.slug)
    assert "(by hand)" in capsys.readouterr().err
    file.unlink()
    with pytest.raises(SystemExit) as ended:
        call_command("publish_heads", study.slug, stdout=io.StringIO(), stderr=io.StringIO())
    assert ended.value.code == 1


def test_verify_finds_by_a_published_head_that_the_end_of_a_log_was_cut_off(
    study: Study, file: Path, capsys: Any, tmp_path: Path
) -> None:
    record(study, "links created", links=1, cap=None, kind="open")
    publish_due()
    number = int(lines_of(file, study)[0][0])
    study.log.filter(number__gte=number).delete()
    last = study.log.get(number=number - 1)
    ChainHead.objects.filter(study=study).update(number=last.number, head=last.head)
    Study.objects.filter(pk=study.pk).update(opened_at=None)

    def verify(*arguments: str) -> str:
        with pytest.raises(SystemExit):
            call_command("verify", study.slug, *arguments)
        return capsys.readouterr().err

    assert "cut off" not in verify()  # the control: log and its row agree
    assert f"Head {number} of {study.slug} was published" in verify("--heads", str(file))
    assert "its chain ends at 1" in verify("--head", f"{number}:{'a' * 64}")
    with pytest.raises(CommandError, match="NUMBER:HEAD") as refused:
        call_command("verify", study.slug, "--head", "12")
    assert refused.value.returncode == 2
