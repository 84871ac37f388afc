"""Commands that change a study as it goes: several clips, what was deleted, times, stages, versions, rehearsals."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from config.bundles.taking_in import BundleRefused
from study.access import Right
from study.models import Participant, Role, Study
from study.setup.rehearsals import KIND
from tests.config.addresses import browser
from tests.config.test_console_commands import VERBS_OF, run
from tests.factories import UserFactory, make_open_study, make_study
from tests.study.api.scripts import ask, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def mina() -> Any:
    return UserFactory(username="mina")


def test_the_log_tells_what_was_done_by_a_command_or_a_token(mina: Any) -> None:
    study = make_open_study(clips=1, owner=mina, slug="zither")
    run("study", "pause", "zither", "--reason", "lunch", "--as", "mina")
    run("study", "resume", "zither", "--as", "ada")  # refused: nobody is named so
    ask(token_for(mina, study), study, "api_answers")
    browser(mina).post(reverse("study_move", args=["zither", "resume"]))
    entries = [(entry.action, entry.actor, entry.data.get("through")) for entry in study.log.order_by("number")]
    assert entries[-4:] == [
        ("paused", mina, "command"),
        ("API token made", mina, None),
        ("downloaded", mina, "token"),
        ("resumed", mina, None),
    ]


def test_several_clips_are_changed_at_once_and_come_back(mina: Any) -> None:
    study = make_study(clips=3, owner=mina, slug="zither")

    def clips(*words: str) -> Any:
        return run("clips", words[0], "zither", *words[1:], "--as", "mina")

    assert clips("edit", "1", "name=piano.wav", "start=0.5", "end=2")["changed"] == ["end", "name", "start"]
    rights = {"licence": "", "sound_may_be_published": False}
    assert clips("edit", "piano.wav")["values"] == {"name": "piano.wav", "start": "0.5", "end": "2"} | rights
    assert "at least one second" in clips("edit", "1", "end=1")["error"]
    told = clips("change", "practice", "2", "clip3.wav")
    assert told["clips"] == ["clip2.wav", "clip3.wav"]
    told = clips("change", "judge", "--all")
    assert (told["clips"], [row["clip"] for row in told["refused"]]) == (["clip2.wav", "clip3.wav"], ["piano.wav"])
    assert "Name clips, or give --all" in clips("change", "judge")["error"]
    assert "--seconds" in clips("change", "trim", "--all")["error"]
    assert "reason: Give a reason" in clips("change", "leave-out", "1")["error"]
    deletion = clips("change", "delete", "2", "3")["deletion"]
    assert study.clips.count() == 1
    listed = run("trash", "list", "zither", "--as", "mina")["deletions"]
    assert [(row["id"], row["names"], row["by"]) for row in listed] == [(deletion, ["clip2.wav", "clip3.wav"], "mina")]
    run("trash", "restore", "zither", str(deletion), "--as", "mina")
    assert study.clips.count() == 3
    assert "brought back already" in run("trash", "restore", "zither", str(deletion), "--as", "mina")["error"]
    # A draft comes back for its owner alone.
    deletion = run("study", "delete", "zither", "--title", study.title, "--as", "mina")["deletion"]
    UserFactory(username="ada")
    assert run("trash", "drafts", "--as", "ada") == {"deletions": []}
    assert "error" in run("trash", "restore-draft", str(deletion), "--as", "ada")
    assert run("trash", "restore-draft", str(deletion), "--as", "mina")["slug"] == "zither"


def test_times_are_set_in_a_zone_and_only_the_owner_says_when_it_closes(mina: Any) -> None:
    study = make_open_study(clips=1, owner=mina, slug="zither")
    study.memberships.create(user=UserFactory(username="ada"), role=Role.EDITOR)
    assert "does not exist" in _schedule("closes=2028-03-26T02:30", "time_zone=Europe/Berlin")["error"]
    assert "Only the owner" in _schedule("closes=2028-03-26T03:30", name="ada")["error"]
    _schedule("closes=2028-03-26T03:30", "time_zone=Asia/Seoul")
    assert study.schedule.closes_at.isoformat() == "2028-03-25T18:30:00+00:00"
    assert _schedule()["values"]["closes"] == "2028-03-26T03:30"
    assert "Only the owner" in run("schedule", "cancel", "zither", "--as", "ada")["error"]
    run("schedule", "cancel", "zither", "--as", "mina")
    assert _schedule(name="ada")["scheduled"] is False


def _schedule(*values: str, name: str = "mina") -> Any:
    return run("schedule", "set", "zither", *values, "--as", name)


def test_stages_and_versions_go_on_by_commands_and_scripts_tell_them_apart(mina: Any) -> None:
    study = make_open_study(clips=1, owner=mina, slug="zither")
    study.participants.create(number=1, token_hash="1" * 64)
    assert [row["began"] for row in run("stages", "list", "zither", "--as", "mina")["stages"]] == [0, 1, 0]

    def begin(*words: str) -> Any:
        return run("stages", "begin", "zither", *words, "--as", "mina")

    assert "give --yes" in begin("follow_up", "--reason", "later")["error"]
    assert "reason: This field is required." in begin("follow_up", "--yes")["error"]
    assert "cannot begin now" in begin("pilot", "--reason", "x", "--yes")["error"]
    assert begin("follow_up", "--reason", "later", "--target", "5", "--yes")["stage"] == "follow_up"
    assert run("stages", "list", "zither", "--as", "mina")["stages"][2]["target"] == 5
    words = ("zither", "--as", "mina")
    assert run("versions", "change", *words)["values"]["contact"] == study.contact
    assert "reason: " in run("versions", "change", "zither", "question_en=Which?", "--as", "mina")["error"]
    told = run("versions", "change", "zither", "question_en=Which?", "reason=a typing error", "--as", "mina")
    assert told["version"] == 2
    assert run("versions", "list", *words)["versions"][1]["differences"][0]["new"] == "Which?"
    later = {"stage": "follow_up", "study_version": 2}
    study.participants.create(number=2, token_hash="2" * 64, **later)
    study.participants.create(number=3, token_hash="3" * 64, status=Participant.Status.WITHDRAWN, **later)

    def people(*filters: str) -> list[str]:
        rows = run("participants", "list", "zither", *filters, "--as", "mina")["participants"]
        return sorted(row["participant"] for row in rows)

    assert people() == ["r0001", "r0002"]
    assert people("--stage", "main") == people("--version", "1") == ["r0001"]
    assert people("--status", "withdrawn") == ["r0003"]
    assert "status=fine" in run("participants", "list", "zither", "--status", "fine", "--as", "mina")["error"]
    token = token_for(mina, Study.objects.get(pk=study.pk))
    state = ask(token, study).json()
    assert (state["stage"], state["stages"], state["version"]) == ("follow_up", ["main", "follow_up"], 2)
    assert ask(token, study, "api_monitor").json()["started"] == 2
    main = ask(token, study, "api_monitor", query="?stage=main").json()
    assert (main["stage"], main["started"]) == ("main", 1)
    narrowed = ask(token, study, "api_participants", query="?stage=follow_up&status=here").json()["participants"]
    assert [(row["participant"], row["stage"], row["version"]) for row in narrowed] == [("r0002", "follow_up", 2)]
    for name, query in (
        ("api_monitor", "?stage=pilot"),
        ("api_participants", "?stage=mian"),
        ("api_participants", "?colour=red"),
    ):
        refused = ask(token, study, name, query=query)
        assert (refused.status_code, query.partition("=")[2] in refused.json()["error"]) == (409, True), query


def test_a_study_begins_from_a_template_and_gives_its_own(mina: Any, tmp_path: Path) -> None:
    def create(template: str, *values: str) -> Any:
        return run("study", "create", "--title", "Mine", "--template", template, *values, "--as", "mina")

    slug = create("compare_models")["slug"]
    printed = run("study", "template", slug, "--as", "mina")["yaml"]
    run("study", "template", slug, "--out", str(tmp_path / "own.yaml"), "--as", "mina")
    assert (tmp_path / "own.yaml").read_text() == printed
    again = Study.objects.get(slug=create(str(tmp_path / "own.yaml"), "label_1=Another")["slug"])
    labels = list(Study.objects.get(slug=slug).conditions.order_by("number").values_list("label", flat=True))
    assert list(again.conditions.order_by("number").values_list("label", flat=True)) == ["Another", *labels[1:]]
    assert "There is no template" in create("nowhere")["error"]
    assert "is no template: line" in create(__file__)["error"]


def test_a_rehearsal_is_asked_for_told_and_removed(mina: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(clips=1, owner=mina, slug="zither")
    asked: list[Any] = []
    monkeypatch.setattr(
        "config.management.commands.rehearsals.rehearse_study",
        lambda study, wanted, actor: asked.append((wanted.people, actor)) or SimpleNamespace(pk=7),
    )
    assert run("rehearsals", "start", "zither", "people=3", "--as", "mina")["job"] == 7
    assert asked == [(3, mina)]
    assert "people: Ensure" in run("rehearsals", "start", "zither", "people=0", "--as", "mina")["error"]
    told = {"number": 1, "people": 3, "began": 3, "expected": {"a": 1}, "shares": {}, "comparisons": [], "level": 0.95}
    copy = make_study(clips=1, slug="copy", simulated=True, rehearsal_of=study, rehearsal=told)
    study.jobs.create(kind=KIND, state="ready", outcome={"copy": copy.pk})

    def listed() -> Any:
        return run("rehearsals", "list", "zither", "--as", "mina")["rehearsals"][0]

    assert (listed()["slug"], listed()["state"], listed()["expected"]) == ("copy", "ready", {"a": 1})
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    assert "expected" not in listed(), "while the study runs, nothing about a rehearsal names a condition"
    assert "Only a draft" in run("rehearsals", "start", "zither", "--as", "mina")["error"]
    run("rehearsals", "remove", "zither", "1", "--as", "mina")
    assert not Study.objects.filter(slug="copy").exists()
    assert "There is no rehearsal 1" in run("rehearsals", "remove", "zither", "1", "--as", "mina")["error"]


def test_mails_are_chosen_for_oneself_in_the_language_of_the_page(mina: Any) -> None:
    study = make_study(clips=1, owner=mina, slug="zither")
    study.mail_choices.create(user=mina, kind="work", wanted=True, language="ko")
    assert run("people", "mails", "zither", "stops=yes", "target=no", "--as", "mina")["changed"] == ["stops", "target"]
    values = run("people", "mails", "zither", "--as", "mina")["values"]
    assert values == {"target": False, "stops": True, "work": True}
    assert set(study.mail_choices.values_list("language", flat=True)) == {"ko"}
    assert "did you mean stops" in run("people", "mails", "zither", "stop=yes", "--as", "mina")["error"]


def test_import_study_prints_json_of_a_refusal_too(
    mina: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, owner: Any) -> None:
        raise BundleRefused("It does not verify.", ("plan.json: changed",))

    monkeypatch.setattr("config.management.commands.import_study.take_in", refuse)
    bundle = tmp_path / "study.zip"
    bundle.touch()
    with pytest.raises(CommandError):
        call_command("import_study", bundle, "--owner", "mina", "--json")
    assert '"problems": [\n    "plan.json: changed"\n  ]' in capsys.readouterr().out


def test_no_verb_that_changes_is_open_to_whoever_may_only_look() -> None:
    """What a reader may send is what concerns themselves."""
    own = {"people mails", "people remove", "people accept", "people decline", "tokens make", "tokens end"}
    named = {
        f"{name} {verb.name}"
        for name, verb in VERBS_OF
        if verb.does and (verb.change or verb.right) in (Right.SEE, Right.LOOK)
    }
    assert named == own
