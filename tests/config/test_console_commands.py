"""Every action of the console has a command: as somebody, with their rights and under the same seal."""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from study.access import Right
from study.management.scripted.command import ScriptedCommand, Verb
from study.models import Role, Study
from tests.config.addresses import ANYBODY, AUDIENCE, LINK, NEEDS, SIGNED_IN, STUDY, VERBS
from tests.factories import UserFactory, make_open_study, make_study

# Addresses to which the console sends forms and that have another command, or none. A new address stands here with
# its reason, or in `does` of a verb.
OTHERWISE = {
    "generation_upload": "import_images",
    "study_import": "import_study",
    "form_answers": "analyze --map",
    "study_interface": "a picture of one's own is chosen by eye; `results take-pictures` takes those of the pages",
    "study_interface_remove": "seen and removed by eye; `results take-pictures` replaces those of the pages",
    "compare_studies": "compare_studies: it changes nothing",
    "tags_preview": "a look at a table before `tags import`, which refuses it with all its faults",
    "account": "of one's own sign-in: password, address, other browsers; end_sign_ins for operators",
    "account_delete": "of one's own account, with its password",
    "second_factor": "of one's own sign-in; remove_second_factor for operators",
    "glossary": "nothing is sent there",
    "study_list": "nothing is sent there",
}

# What anybody may do to what is their own; for that of others, the verb asks for the right.
ONES_OWN = ("member_remove", "api_token_end")


def commands() -> dict[str, ScriptedCommand]:
    ours = {name: app for name, app in get_commands().items() if app in ("study", "generation", "analysis", "config")}
    loaded = {name: load_command_class(app, name) for name, app in ours.items()}
    return {name: command for name, command in loaded.items() if isinstance(command, ScriptedCommand)}


COMMANDS = commands()
VERBS_OF = [(name, verb) for name, command in COMMANDS.items() for verb in command.verbs]
IDS = [f"{name} {verb.name}" for name, verb in VERBS_OF]


def sent_to() -> set[str]:
    """Each address of the console to which something is sent, with its verb if it has several."""
    rows = set()
    for name in AUDIENCE[STUDY]:
        for verb in VERBS.get(name, ("",)):
            row = f"{name} {verb}".strip()
            if NEEDS.get(row, NEEDS.get(name, (None, None)))[1] is not None:
                rows.add(row)
    return rows | set(AUDIENCE[SIGNED_IN])


def test_every_action_of_the_console_has_a_command_or_a_reason() -> None:
    done = {address for _name, verb in VERBS_OF for address in verb.does}
    assert sent_to() - done - OTHERWISE.keys() == set(), "new actions: give them a verb, or a reason in OTHERWISE"
    assert done - sent_to() == set(), "what a verb names is no action of the console any more"
    assert not done & OTHERWISE.keys()
    known = {name for group in (ANYBODY, LINK, SIGNED_IN, STUDY) for name in AUDIENCE[group]}
    assert known >= OTHERWISE.keys()


@pytest.mark.parametrize(("name", "verb"), VERBS_OF, ids=IDS)
def test_a_verb_needs_the_right_of_its_page(name: str, verb: Verb) -> None:
    for address in verb.does:
        if address in AUDIENCE[SIGNED_IN]:
            assert verb.right is None
            continue
        _opens, sends = NEEDS.get(address) or NEEDS[address.split()[0]]
        assert (verb.change or verb.right) is (Right.SEE if address in ONES_OWN else sends), address


@cache
def parser_of(name: str) -> Any:
    """The parser of a command's words; to make one for each call takes longer than most verbs do."""
    return COMMANDS[name].create_parser("manage.py", name)


def run(name: str, *words: str) -> Any:
    """Run a command as a script does; return its JSON, of a refusal too."""
    out = io.StringIO()
    try:
        options = vars(parser_of(name).parse_args([*words, "--json"]))
        COMMANDS[name].execute(**options | {"stdout": out, "stderr": io.StringIO(), "skip_checks": True})
    except CommandError as error:
        refused = error
    else:
        refused = None
    found = json.loads(out.getvalue(), parse_constant=lambda constant: pytest.fail(constant))
    assert (refused and (refused.returncode, str(refused))) == (("error" in found and (2, found["error"])) or None)
    return found


@pytest.fixture
def mina() -> Any:
    return UserFactory(username="mina")


@pytest.mark.django_db
def test_a_study_is_made_shared_and_deleted_by_commands(mina: Any) -> None:
    UserFactory(username="ada")
    slug = run("study", "create", "--title", "Which image fits?", "--as", "mina")["slug"]
    assert run("study", "show", slug, "--as", "mina")["role"] == "owner"
    study = Study.objects.get(slug=slug)
    assert study.log.first().actor == mina
    assert run("people", "share", slug, "ada", "reader", "--as", "mina")["name"] == "ada"
    assert "Only the owner" in run("study", "delete", slug, "--title", "Which image fits?", "--as", "ada")["error"]
    assert "Only the owner and editors" in run("plan", "set", slug, "alpha=0.01", "--as", "ada")["error"]
    assert run("plan", "set", slug, "--as", "ada")["values"]["alpha"] == "0.05"
    assert "not the study's title" in run("study", "delete", slug, "--title", "another", "--as", "mina")["error"]
    run("study", "delete", slug, "--title", "Which image fits?", "--as", "mina")
    assert not Study.objects.exists()


@pytest.mark.django_db
def test_a_setting_is_checked_as_the_page_checks_it_and_an_error_names_the_field(mina: Any, tmp_path: Path) -> None:
    study = make_study(clips=2, owner=mina)

    def set_plan(*values: str) -> Any:
        return run("plan", "set", study.slug, *values, "--as", "mina")

    assert set_plan("target_participants=30", "stop_at_target=yes")["changed"] == [
        "stop_at_target",
        "target_participants",
    ]
    study.refresh_from_db()
    assert (study.target_participants, study.stop_at_target, study.grace_minutes) == (30, True, 60)
    for value, words in (
        ("alpha=2", "alpha: Ensure this value is less than or equal to 0.2"),
        ("weight_second=9", "weight_second: The 2nd choice would count more"),
        ("sound_check=perhaps", "sound_check: write yes or no"),
        ("alhpa=0.1", "did you mean alpha?"),
        ("alpha", "is not NAME=VALUE"),
    ):
        assert words in set_plan(value)["error"]
    # What is printed can be given back, changed.
    printed = set_plan()
    printed["values"]["repeats"] = 1
    (tmp_path / "plan.json").write_text(json.dumps(printed))
    told = set_plan("--from", str(tmp_path / "plan.json"))
    assert "repeats" in told.get("changed", ()), told
    study.refresh_from_db()
    assert (study.repeats, study.target_participants, study.stop_at_target) == (1, 30, True)
    assert "no JSON" in set_plan("--from", __file__)["error"]
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    assert "alpha: this cannot be changed any more" in set_plan("alpha=0.01")["error"]
    assert set_plan("completion_code=DONE")["changed"] == ["completion_code"]


@pytest.mark.django_db
def test_a_study_of_others_looks_like_one_that_does_not_exist(mina: Any) -> None:
    make_study(clips=1, slug="theirs")
    for name, verb in VERBS_OF:
        if verb.right is None or verb.arguments:
            continue
        mine, none = (run(name, verb.name, slug, "--as", "mina")["error"] for slug in ("theirs", "nowhere"))
        assert mine.replace("theirs", "nowhere") == none
    assert "There is no account 'nobody'" in run("study", "list", "--as", "nobody")["error"]


@pytest.mark.django_db
def test_clips_participants_and_the_life_of_a_study_by_commands(mina: Any) -> None:
    study = make_open_study(clips=2, owner=mina)
    slug, runner = study.slug, UserFactory(username="rhea")
    study.memberships.create(user=runner, role=Role.RUNNER)
    study.participants.create(number=1, token_hash="0" * 64)
    as_runner = (slug, "--as", "rhea")
    assert run("participants", "monitor", *as_runner)["started"] == 1
    assert run("participants", "leave-out", slug, "r0001", "--reason", "a friend", "--as", "rhea")["excluded"] is True
    assert [row["left_out"] for row in run("participants", "list", *as_runner)["participants"]] == [True]
    assert "Runners stay blind" in run("clips", "list", *as_runner)["error"]
    assert "Runners stay blind" in run("results", "show", *as_runner)["error"]
    assert "sealed until" in run("results", "show", slug, "--as", "mina")["error"]
    assert run("study", "pause", slug, "--reason", "lunch", "--as", "rhea")["status"] == "paused"
    assert "Give a reason" in run("study", "close", slug, "--reason", " ", "--yes", "--as", "mina")["error"]
    assert run("study", "resume", *as_runner)["status"] == "open"
    assert "Only the owner" in run("study", "close", slug, "--reason", "done", "--yes", "--as", "rhea")["error"]
    assert run("study", "close", slug, "--reason", "done", "--yes", "--as", "mina")["results_open_at"]
    entries = run("study", "log", slug, "--as", "mina")["entries"]
    assert ("paused", "rhea") in [(row["action"], row["actor"]) for row in entries]
    assert "no clip '9'" in run("clips", "practice", slug, "9", "--as", "mina")["error"]


@pytest.mark.django_db
def test_people_read_lines_and_scripts_read_json(mina: Any, capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study(clips=1, owner=mina, slug="zither")
    call_command("study", "show", "zither", "--as", "mina")
    assert f"title: {study.title}\nstatus: draft\nsealed: yes\n" in capsys.readouterr().out
    call_command("clips", "leave-out", "zither", "1", "--reason", "too long", "--as", "mina")
    assert capsys.readouterr().out.startswith("clip1.wav is left out.\n")
    with pytest.raises(CommandError, match="--as"):
        call_command("study", "show", "zither")


@pytest.mark.parametrize(("name", "verb"), VERBS_OF, ids=IDS)
def test_every_argument_of_a_verb_is_explained(name: str, verb: Verb) -> None:
    own = parser_of(name)._subparsers._group_actions[0].choices[verb.name]
    assert all(action.help for action in own._actions)
    assert verb.help
