"""The cost of sentences and its caps, the services that may be asked, and the checks before a run starts."""

import contextlib
import threading
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from generation.errors import RunStopped
from generation.models import ClipStep, SentenceCall
from generation.painting import DiffusersOptions
from generation.runs import execution, leases, lifecycle, spending
from generation.settings_model import GenerationSettings, store_settings
from generation.writing import OpenAIOptions, SpendingCapReached
from generation.writing.hosts import HostNotAllowed, check_host
from generation.writing.usage import EXPECTED_ANSWER_TOKENS, check_cap
from tests.generation.concurrency import run_at_once
from tests.generation.studies import SMALL, add_clips, generate
from tests.generation.writing.conftest import content, failure


def test_the_cap_holds_over_all_runs_of_a_study(with_service):
    study = with_service(token_cap=4000)
    assert generate(study).state == "done"
    add_clips(study, 1, tags=("guitar", "guitars", "techno", "vocal", "vocals"))
    before = spending.used(study).calls
    SentenceCall.objects.update(input_tokens=4000 // before, output_tokens=0)
    run = generate(study)
    assert run.state == "stopped"
    assert "cap of 4000 tokens (4000 used)" in run.message
    assert spending.used(study).calls == before


CAPPED = OpenAIOptions(model="m", token_cap=2000, max_answer_tokens=100)


def spend_at_once(usages) -> int:
    """Let several workers write at the same moment until the cap stops them; return the tokens that they used."""

    def write(usage) -> None:
        with contextlib.suppress(SpendingCapReached):
            while True:
                usage.end_call(usage.begin_call(CAPPED, 300), 300, 100)

    run_at_once(*(partial(write, usage) for usage in usages))
    sums = SentenceCall.objects.aggregate(read=Sum("input_tokens"), written=Sum("output_tokens"))
    return sums["read"] + sums["written"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_not_pass_the_cap(study, monkeypatch):
    monkeypatch.setattr(spending, "WAIT_FOR_CALLS", 0.01)
    run = lifecycle.start_run(study)
    assert spend_at_once([spending.StudyUsage(run) for _ in range(4)]) == 2000


@pytest.mark.django_db(transaction=True)
def test_workers_that_read_first_and_record_later_pass_the_cap(study):
    """The control."""
    run = lifecycle.start_run(study)
    have_read = threading.Barrier(4, timeout=60)

    class Later(spending.StudyUsage):
        def begin_call(self, options, input_tokens):
            now = spending.used(self._run.study)
            check_cap(options, (now.input_tokens, now.output_tokens), (input_tokens, 100))
            if now.calls < 4:
                have_read.wait()
            return 0

        def end_call(self, number, *tokens):
            SentenceCall.objects.create(run=self._run, input_tokens=tokens[0], output_tokens=tokens[1])

    for _ in range(3):  # room for two more
        SentenceCall.objects.create(run=run, input_tokens=300, output_tokens=100)
    assert spend_at_once([Later(run) for _ in range(4)]) > 2000


def test_a_call_of_a_killed_worker_counts_as_what_it_was_expected_to_take(study):
    run = lifecycle.start_run(study)
    step = ClipStep.objects.filter(state="waiting").first()
    lease = leases.acquire(step.pk)
    usage = spending.StudyUsage(run, lease.token)
    usage.begin_call(CAPPED, 1500)
    with pytest.raises(SpendingCapReached):
        usage.begin_call(CAPPED, 1950)
    assert spending.used(study).calls == 0  # under way: not counted yet, but room is kept for it
    ClipStep.objects.filter(pk=step.pk).update(state="waiting", lease_token="")
    with pytest.raises(SpendingCapReached, match="1560 used"):
        spending.StudyUsage(run, "another").begin_call(CAPPED, 400)
    assert spending.used(study).calls == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_in_this_process_goes_on_when_the_lease_of_a_call_under_way_elsewhere_has_expired(
    with_service, settings, monkeypatch
):
    settings.GENERATION_LEASE_SECONDS = 2
    monkeypatch.setattr(spending, "WAIT_FOR_CALLS", 0.05)
    study = with_service(token_cap=100_000)
    run = lifecycle.start_run(study)
    lease = leases.acquire(ClipStep.objects.filter(clip__number=3, state="waiting").get().pk)
    leased_until = timezone.now() + timedelta(seconds=1.5)
    lease.held().update(lease_holder="another-host/boot/pid:[1]|1|1", leased_until=leased_until)
    fields = {"under_way": True, "lease_token": lease.token}
    call = SentenceCall.objects.create(run=run, input_tokens=0, output_tokens=99_990, **fields)
    assert execution.run_pending(study).totals["images"] == 12
    call.refresh_from_db()
    assert (call.under_way, call.output_tokens) == (False, EXPECTED_ANSWER_TOKENS)


def test_answers_that_could_not_be_used_count_too(with_service, server):
    study = with_service(rewrites=1)
    server.script = [content("no json")]
    generate(study)
    assert ClipStep.objects.filter(kind="write", state="failed").count() == 3
    assert spending.used(study).calls == len(server.requests) > 0


def test_a_rejected_key_stops_the_run_with_one_message(with_service, server):
    study = with_service()
    server.script = [failure(401)]
    run = generate(study)
    assert run.state == "stopped"
    assert "does not take the key" in run.message
    assert len(server.requests) == 1
    assert not ClipStep.objects.filter(state="failed").exists()


def test_without_a_key_no_run_is_started(study, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    store_settings(study, GenerationSettings(painter=SMALL, writer=OpenAIOptions(model="m")))
    with pytest.raises(RunStopped, match="set the environment variable OPENAI_API_KEY"):
        lifecycle.start_run(study)
    with pytest.raises(CommandError) as caught:
        call_command("generate", study.slug, "--in-process")
    assert caught.value.returncode == 2
    assert not study.generation_runs.exists()


def test_workers_on_other_machines_check_their_own_key(study, monkeypatch, settings):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    settings.CELERY_BROKER_URL = "redis://elsewhere"
    store_settings(study, GenerationSettings(painter=SMALL, writer=OpenAIOptions(model="m")))
    lifecycle.start_run(study)
    run = execution.run_pending(study)
    assert (run.state, "No key for the language model" in run.message) == ("stopped", True)


def test_without_the_models_files_no_run_is_started(study, tmp_path):
    painter = DiffusersOptions(kind="diffusers", model=str(tmp_path / "nowhere"))
    store_settings(study, GenerationSettings(painter=painter))
    with pytest.raises(RunStopped, match="nowhere"):
        lifecycle.start_run(study)
    assert not study.generation_runs.exists()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"model": "{folder}/m.safetensors", "config": "{folder}/base"}, "configuration '.*base' does not exist"),
        ({"adapters": "{folder}/ink.safetensors 0.8"}, r"adapter '.*ink\.safetensors' does not exist"),
        ({"offload": "model"}, "need a GPU and this machine has none"),
        ({"weight_format": "4bit"}, "need a GPU and this machine has none"),
    ],
)
def test_what_the_painter_needs_beside_the_model_is_looked_for_before_the_run(
    study, tmp_path, monkeypatch, chosen, words
):
    from generation.runs import readiness

    monkeypatch.setattr(readiness, "has_gpu", lambda: False)
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    filled = {"model": str(tmp_path)} | {key: value.format(folder=tmp_path) for key, value in chosen.items()}
    store_settings(study, GenerationSettings(painter=DiffusersOptions(**filled)))
    with pytest.raises(RunStopped, match=words):
        lifecycle.start_run(study)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1",
        "http://api.openai.com.evil.example/v1",
        "http://api.openai.com@evil.example/v1",
        "http://evil.example\\@api.openai.com/v1",
        "http://localhost.evil.example:80/",
        "http://[::2]/v1",
        "http:///v1",
    ],
)
def test_an_address_that_is_not_on_the_list_is_refused(address):
    with pytest.raises(HostNotAllowed, match="EARSIGHT_WRITER_HOSTS"):
        check_host(address)


@pytest.mark.parametrize(
    "address",
    [None, "https://API.openai.com/v1", "http://localhost:11434/v1", "http://127.0.0.1:1/v1", "http://[::1]:8000/v1"],
)
def test_the_official_service_and_this_machine_are_allowed(address):
    check_host(address)


def test_an_operator_allows_a_host_or_one_port_of_it():
    check_host("http://gpu-box:8000/v1", ["gpu-box:8000"])
    with pytest.raises(HostNotAllowed):
        check_host("http://gpu-box:22/v1", ["gpu-box:8000"])
    with pytest.raises(HostNotAllowed):
        check_host(None, ["gpu-box"])


def test_settings_stored_before_the_list_changed_start_no_run(with_service, settings):
    study = with_service()
    settings.WRITER_HOSTS = ["api.openai.com"]
    with pytest.raises(RunStopped, match="not allowed here"):
        lifecycle.start_run(study)
