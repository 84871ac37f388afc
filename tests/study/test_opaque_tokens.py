"""What participants see at random knows nothing of trials and conditions, because one module makes all of it."""

import ast
import inspect
from pathlib import Path

import pytest

from study import opaque_tokens
from study.models import Participant, Study, Trial
from study.participants.enrolment import enrol
from tests.factories import make_open_study

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = {"secrets", "random", "uuid1", "uuid4", "urandom"}
# Other uses of a generator, which no participant sees the outcome of.
ELSEWHERE = {
    "study/models/studies.py": "the seed of the orders, which are drawn again from it",
    "study/models/ballots.py": "a submission key where the browser sent none; it is not sent back",
    "study/survey/networks.py": "a process's key for counting requests of a network",
    "study/participants/headphones.py": "the order of the headphone screening's sounds",
    "study/design/conditions.py": "the opaque labels of conditions, for researchers",
    "study/ballots/receipts.py": "compares digests",
    "study/simulation/chosen_preference.py": "draws from a fixed seed what a rehearsal expects",
    "study/simulation/expectation.py": "draws from a fixed seed what simulated people will answer on average",
    "study/ballots/table.py": "the labels of a sealed export",
    "study/background_work/lookout.py": "how long a worker waits before it looks again",
}


def generators_of(source: str) -> set[str]:
    """The sources of randomness that a module imports or calls."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found |= {node.attr} - {"random"}  # NumPy's, which draws the orders from the study's seed
    return found & GENERATORS


def users_of_generators() -> set[str]:
    files = (path.relative_to(ROOT) for path in (ROOT / "study").rglob("*.py"))
    return {str(file) for file in files if "migrations" not in file.parts and generators_of((ROOT / file).read_text())}


def functions():
    found = inspect.getmembers(opaque_tokens, inspect.isfunction)
    return [value for _, value in found if value.__module__ == opaque_tokens.__name__]


def test_no_other_module_makes_random_words():
    assert users_of_generators() - ELSEWHERE.keys() == {"study/opaque_tokens.py"}
    assert ELSEWHERE.keys() <= users_of_generators()  # no exemption that nothing needs


@pytest.mark.parametrize(
    "source",
    ["import secrets", "from secrets import token_hex", "from uuid import uuid4", "import os\nos.urandom(8)"],
)
def test_a_module_that_made_random_words_would_be_noticed(source):
    assert generators_of(source)


def test_the_module_knows_nothing_of_the_study():
    tree = ast.parse(inspect.getsource(opaque_tokens))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"base64", "secrets", "uuid"}
    parameters = {name for function in functions() for name in inspect.signature(function).parameters}
    assert parameters == {"suffix"}  # of a stored file, which participants never see
    assert len({function("png") if inspect.signature(function).parameters else function() for function in functions()})


def test_random_words_of_rows_come_from_the_module():
    made = set(functions())
    for model, field in ((Study, "open_link_token"), (Participant, "handle"), (Trial, "media_key")):
        assert model._meta.get_field(field).default in made


@pytest.mark.django_db
def test_a_trial_keeps_its_key_when_its_images_are_others(monkeypatch):
    """With the generator replaced by a count, the words are the same for two studies with different orders."""
    words = []
    for seed in (1, 2):
        study = make_open_study(clips=2, seed=seed)
        count = iter(range(10_000))
        monkeypatch.setattr(opaque_tokens.secrets, "token_hex", lambda size: f"{next(count):0{2 * size}x}")  # noqa: B023
        person, _ = enrol(study, token=f"token {seed}")
        trials = person.trials.order_by("number")
        words.append(([person.handle], [trial.media_key for trial in trials]))
        monkeypatch.undo()
        Participant.objects.all().delete()
    assert words[0] == words[1]
