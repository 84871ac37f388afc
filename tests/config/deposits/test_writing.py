"""A deposit is complete or not there, tells of people only what may be told, and can be analysed again."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analysis.study_results.analyses import build_analysis, latest
from config.bundles.same_json import of_deposit, of_export
from config.deposits import checking, paths
from config.deposits.facts import PublicationFacts, publication_facts, save_publication_facts
from config.deposits.formats import WRITERS
from config.deposits.persons import Finding
from config.deposits.reproduction import reproducing
from config.deposits.reproduction.recomputing import made_again
from config.deposits.reproduction.reproducing import badge_page, reproduce
from config.deposits.tables.columns import WORDS_LEFT_OUT
from config.deposits.tables.people import new_codes
from config.deposits.tables.study_tables import Tables
from config.deposits.writing import found_in, hindrances, write_deposit, zip_deposit
from study.errors import NotAllowedNow
from study.models import Clip, Study
from study.participants.exclusion import set_exclusion
from tests.analysis.answered_studies import answered_study, asked_study, close
from tests.config.bundles.test_instrument_bundles import open_study
from tests.config.deposits.studies import TODAY, ready, rows

pytestmark = [pytest.mark.django_db]
QUESTIONS = """
questions:
  - {key: age, type: number, text: {en: Your age}}
  - {key: comment, type: text, text: {en: "Anything else?"}}
"""
SECRET = "write to jo@example.org"
REASON = "called us by telephone"


def asked(**fields: Any) -> Study:
    said = [{"before": {"age": 20 + n, "comment": f"{SECRET} {n}"}} for n in range(5)]
    return asked_study(said, QUESTIONS, ask_reason=True, **fields)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def planted(tables: Any, texts: Any, **_hints: Any) -> list[Finding]:
    """A check that names the column of comments if it is there."""
    found = [row["before_comment"] for row in tables["participants.csv"] if SECRET in row.get("before_comment", "")]
    finding = Finding(
        where="participants.csv: column before_comment",
        what="An address; leave the column out.",
        rows=len(found),
        example="w… j…",
        blocks=True,
        accept_as="participants.csv:before_comment",
    )
    return [finding] if found else []


def test_a_deposit_is_refused_with_all_reasons_at_once_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = answered_study(people=2, clips=2)
    out = tmp_path / "deposit"
    assert [one.page for one in hindrances(study)] == ["study_publish", "study_reporting", "study_open"]
    with pytest.raises(NotAllowedNow, match="sealed"):
        found_in(study)
    with pytest.raises(CommandError) as refused:
        call_command("deposit", study.slug, str(out))
    assert refused.value.returncode == 2
    reasons = str(refused.value).splitlines()
    assert [reason.split()[0] for reason in reasons] == ["Name", "Choose", "Close"]
    close(study)
    Study.objects.filter(pk=study.pk).update(grace_minutes=10**6)  # within the grace period
    study.refresh_from_db()
    assert study.is_sealed
    assert "grace period" in hindrances(study)[-1].message
    with pytest.raises(NotAllowedNow, match="grace period"):
        list(write_deposit(study, out))
    study = asked()
    monkeypatch.setattr(checking.persons, "findings", planted)
    with pytest.raises(CommandError) as refused:
        call_command("deposit", study.slug, str(out))
    assert "Analyse the answers" in str(refused.value)
    assert "Name at least one creator" in str(refused.value)
    assert "participants.csv: column before_comment: An address; leave the column out. (participants.csv:before_co" in (
        str(refused.value)
    )
    ready(study)
    assert hindrances(study) == []
    save_publication_facts(study, PublicationFacts(left_out=("ballots.csv:order",)))
    assert "ballots.csv:order cannot be left out" in " ".join(one.message for one in hindrances(study))
    assert list(tmp_path.iterdir()) == []
    for option, key in (("--leave-out", "participants.csv:excluded"), ("--accept", "participants.csv:before_age")):
        with pytest.raises(CommandError, match=f"{option} {key}: write one of: participants.csv:"):
            call_command("deposit", study.slug, str(out), option, key)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(NotAllowedNow, match="a folder that is empty or not there"):
        list(write_deposit(study, tmp_path / "there"))


def test_a_deposit_tells_nothing_of_people_that_it_must_not_and_is_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking.persons, "findings", planted)
    study = asked(match_controls=1)
    study.clips.update(licence="CC-BY-SA-4.0")
    published: Clip = study.clips.first()
    Clip.objects.filter(pk=published.pk).update(sound_may_be_published=True)
    person = study.participants.get(number=2)
    set_exclusion(study, person.code, REASON, actor=study.owner)
    study.plan = study.plan | {"analysis": {"moderators": [{"column": "before_age", "cuts": [22]}]}}
    study.save()
    ready(study)
    assert latest(study).result["moderators"]
    call_command(
        *("deposit", study.slug, str(tmp_path / "folder")),
        *("--leave-out", "participants.csv:before_comment", "--leave-out", "participants.csv:before_age+device"),
    )
    entry = study.log.last()
    assert (entry.action, entry.data) == ("downloaded", {"file": "folder", "by": "deposit"})
    files = files_of(tmp_path / "folder")
    assert not list(tmp_path.glob(".folder*"))

    # People: by other codes in another order, without their words, times, or what the researchers wrote of them.
    codes = new_codes(study)
    people = rows(tmp_path / "folder" / paths.PARTICIPANTS)
    assert [row["participant"] for row in people] == ["p0001", "p0002", "p0003", "p0004", "p0005"]
    (out,) = (row for row in people if row["excluded"] == "1")
    assert (out["participant"], out["exclusion_reason"]) == (codes[person.code], "by hand")
    assert not {"started_at", "completed_at", "slot", "before_age", "before_comment", "device"} & people[0].keys()
    ballots = rows(tmp_path / "folder" / paths.BALLOTS)
    assert not {"answered_at", "nonce", "digest", "before_age"} & ballots[0].keys()
    told = b"".join(content for name, content in files.items() if not name.endswith((".zip", ".pdf", ".xlsx")))
    hidden = [SECRET, REASON, str(study.seed), *codes, *(one.nonce for one in study.participants.all())]
    assert [word for word in hidden if word.encode() in told.replace(b"<", b" <")] == []
    # Nor do its texts: the report counts nothing of a column that is left out, and no reason for leaving a person out.
    with zipfile.ZipFile(io.BytesIO(files["results/report.xlsx"])) as archive:
        told += b"".join(map(archive.read, archive.namelist()))
    assert b"Anything else?" not in told
    assert b"called us by telephone" not in told
    assert "People excluded by hand after opening: 1." in json.loads(files[paths.STUDY])["deviations"]
    assert b"by hand" in files["results/report-en.html"]
    plan = json.loads(files[paths.PLAN])
    assert plan["moderators"] == []
    assert json.loads(files[paths.ANALYSIS])["moderators"] != latest(study).result["moderators"]
    assert json.loads(files[paths.STUDY])["plan"] == study.plan.get("fixed")

    # Sounds only where the researchers have said that they may be there.
    sounds = {row["clip"]: row["sound"] for row in rows(tmp_path / "folder" / paths.CLIPS)}
    assert [sound for sound in sounds.values() if sound] == [sounds[published.name]]
    assert [name for name in files if name.startswith(paths.SOUNDS)] == [sounds[published.name]]
    images = [row["file"] for row in rows(tmp_path / "folder" / paths.STIMULI)]
    assert len(images) == 8
    assert set(images) == {name for name in files if name.startswith(paths.IMAGES)}

    # The codebook has every column of every table, and the sums are those of every file.
    described: dict[str, list[str]] = {}
    for row in rows(tmp_path / "folder" / paths.CODEBOOK):
        described.setdefault(row["table"], []).append(row["column"])
        assert row["meaning"]
    tables = [name for name in files if name.startswith("data/")]
    assert described == {name: list(rows_header(files[name])) for name in tables}
    sums = dict(reversed(line.split("  ")) for line in files[paths.SUMS].decode().splitlines())
    assert sums == {name: hashlib.sha256(files[name]).hexdigest() for name in files if name != paths.SUMS}
    assert set(WRITERS) <= files.keys()

    # The zip of the same day holds the same, and is the same to the byte wherever it is made.
    study.refresh_from_db()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "folder2").mkdir()
    list(write_deposit(study, tmp_path / "folder2", today=TODAY))
    file = io.BytesIO()
    names = list(zip_deposit(study, file, tmp_path / "scratch", today=TODAY))
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == sorted(names)
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {name: archive.read(name) for name in names} == files_of(tmp_path / "folder2")
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []


def rows_header(table: bytes) -> Iterator[str]:
    yield from table.decode().splitlines()[0].split(",")


def test_codes_say_nothing_of_the_order_of_arrival_unless_the_analysis_goes_by_it() -> None:
    study = answered_study(people=8, clips=1)
    codes = new_codes(study)
    assert sorted(codes.values()) == [f"p{n:04}" for n in range(1, 9)]
    assert list(codes) != sorted(codes)
    assert new_codes(study) == codes
    study.plan = study.plan | {"analysis": {"sequential": True}}
    study.save()
    close(study)
    assert list(new_codes(study)) == sorted(codes)
    (finding,) = (one for one in found_in(study) if one.blocks)
    assert (finding.blocks, finding.accept_as) == (True, "people:participant")
    assert "order in which people came" in finding.what


def test_a_study_with_ratings_and_words_is_analysed_again_from_its_deposit_alone(tmp_path: Path) -> None:
    study = close(open_study())
    ready(study, left_out=("answers.csv:why",))
    kept = tuple(finding.accept_as for finding in found_in(study))
    save_publication_facts(study, replace(publication_facts(study), kept=kept))
    assert Tables(study).free_text["answers.csv"] == ["why"]
    folder = tmp_path / "deposit"
    list(write_deposit(study, folder, today=TODAY))
    words = [row["value"] for row in rows(folder / paths.ANSWERS) if row["question"] == "why"]
    assert words == [WORDS_LEFT_OUT] * 6
    contents = [json.loads(row["content"])["why"] for row in rows(folder / paths.BALLOTS)]
    assert contents == [WORDS_LEFT_OUT] * 6
    stored = json.loads(json.dumps(latest(study).result))
    made = json.loads((folder / paths.ANALYSIS).read_bytes())
    assert made["questions"]["why"] == stored["questions"]["why"]
    assert made["questions"]["choice"]["scores"].keys() == stored["questions"]["choice"]["scores"].keys()
    assert (made["n_participants"], made["n_ballots"]) == (stored["n_participants"], stored["n_ballots"]) == (3, 6)

    found = reproduce(folder)
    assert (found.faults, found.differences) == ((), ())
    assert found.is_reproduced
    assert found.title == study.title
    assert "to the last digit" in " ".join(found.checked)
    assert found.digests[paths.ANSWERS] == hashlib.sha256((folder / paths.ANSWERS).read_bytes()).hexdigest()

    # No deposit may fill the machine: its tables are read within limits, which can be raised.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproducing, "_GIB", 2**27)  # too little for any deposit
        (refusal,) = reproduce(folder, memory=1).faults
    assert "needs more than 1 GiB of memory" in refusal
    assert "reproduce_report --memory 2" in refusal

    # A number that was changed by hand is named by its path, even if the sums were written anew.
    made["n_ballots"] += 1
    (folder / paths.ANALYSIS).write_text(json.dumps(made))
    found = reproduce(folder)
    assert [text for text in found.faults if paths.ANALYSIS in text]
    assert [text.partition(":")[0] for text in found.differences] == ["n_ballots"]
    assert not found.is_reproduced
    page = badge_page(found)
    assert "not reproduced" in page
    assert "n_ballots: 7 in the deposit, 6 made again" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")

    # Values of another kind than they should be are told in a sentence.
    plan, table = (folder / paths.PLAN).read_text(), (folder / paths.BALLOTS).read_text()
    for changes, cell, said in (
        ({"points": [10**400, 2, 1]}, "", "are not what a deposit holds there"),
        ({"instrument": "x"}, "", "The questions in each trial: Input should be a valid dictionary"),
        ({}, "[" * 50_000, "are not what a deposit holds there"),
        ({}, f'{{""match"":{{""original_sentence"":{"9" * 400}}}}}', "are not what a deposit holds there"),
    ):
        (folder / paths.PLAN).write_text(json.dumps(json.loads(plan) | changes))
        (folder / paths.BALLOTS).write_text(re.sub('"{.*}"', f'"{cell}"', table, count=1) if cell else table)
        assert said in made_again(folder)["problem"]
    (folder / paths.BALLOTS).write_text(table)

    # What a stranger wrote reaches no terminal as its commands, and nothing that it says stops the check.
    (folder / paths.PLAN).write_text(json.dumps(json.loads(plan) | {"conditions": 5}))
    (folder / paths.STUDY).write_text(json.dumps({"title": "\x1b[31mred"}))
    (folder / "\x1b[2J.txt").write_text("clears the screen")
    found = reproduce(folder)
    assert "The analysis cannot be made again" in found.faults[-1]
    assert "\x1b" not in "".join([found.title, *found.faults, *found.checked])


def test_an_analysis_of_an_earlier_answer_is_not_deposited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking.persons, "findings", lambda *_tables, **_hints: [])
    study = asked()
    ready(study)
    analysis = latest(study)
    analysis.result = analysis.result | {"n_ballots": analysis.result["n_ballots"] + 1}
    analysis.save()
    with pytest.raises(NotAllowedNow, match="is not that of the study"):
        list(write_deposit(study, tmp_path / "deposit"))
    assert list(tmp_path.iterdir()) == []
    build_analysis(study)
    Study.objects.filter(pk=study.pk).update(erasures=study.erasures + 1)
    study.refresh_from_db()
    assert [one.page for one in hindrances(study)] == ["study_results"]
    assert publication_facts(study).creators


def test_differences_are_named_by_their_paths() -> None:
    exactly, nearly, export = of_deposit(0), of_deposit(1e-9), of_export()
    assert len(list(nearly.differences({"a": 10**400}, {"a": 1.5}))) == 1
    one = {"a": [1.0, 2, {"b": None}], "c": True, "d": "x", "gone": 1, "null": None}
    other = {"a": [1.0 + 1e-12, 2, {"b": 0}], "c": 1, "d": "x", "new": [1, 2]}
    assert list(exactly.differences(one, other)) == [
        "a[0]: 1.0 in the deposit, 1.000000000001 made again",
        "a[2].b: None in the deposit, 0 made again",
        "c: True in the deposit, 1 made again",
        "gone: in the deposit, not made again",
        "new: made again, not in the deposit",
        "null: in the deposit, not made again",
    ]
    assert len(list(nearly.differences(one, other))) == 5
    # An earlier version had no such block, and one that does not apply is null.
    assert list(export.differences(one, other)) == [
        "a[2].b: None exported, 0 now",
        "c: True exported, 1 now",
        "gone: 1 exported, None now",
        "new: None exported, 2 values now",
    ]
    for compared in (exactly, nearly, export):
        assert list(compared.differences([float("nan")], [1.0]))
        assert list(compared.differences([float("nan")], [float("nan")]))
        assert list(compared.differences([1e-7], [2e-7]))
        assert list(compared.differences({"a": "x" * 200}, {"a": 1})) == [
            f"a: '{'x' * 118}… {compared.stored}, 1 {compared.again}"
        ]
    assert list(nearly.differences([1], [1, 2])) == [": 1 values in the deposit, 2 values made again"]
