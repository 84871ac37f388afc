"""The web process imports no heavy library: only workers and commands do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "torch",
    "torchaudio",
    "diffusers",
    "transformers",
    "silero_vad",
    "scipy",
    "pandas",
    "openvino",
    "openai",
}

WEB_PROCESS = """
import config.wsgi
import importlib
from django.template.backends.django import get_installed_libraries
from django.urls import get_resolver

def views(resolver):
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from views(entry)
        else:
            yield entry.callback

modules = {view.__module__ for view in views(get_resolver())} | set(get_installed_libraries().values())
for module in modules:
    importlib.import_module(module)
expected = {"config.views", "study.survey.trials", "generation.console.run_pages", "analysis.console.result_pages"}
assert expected <= modules, modules
"""

QUEUEING = """
import django
django.setup()
from config import celery_app
celery_app.conf.update(broker_url="memory://", broker_transport="memory", broker_transport_options={})
from generation.runs.queueing import _publish
_publish(1, "gpu")
"""

WORKER_TASKS = """
import django
django.setup()
from config import celery_app
celery_app.loader.import_default_modules()
registered = set(celery_app.tasks)
assert {"generation.perform_step", "generation.listen_to_chunk"} <= registered, registered
"""

LOADED = "\nimport sys\nprint('loaded', *sorted({name.partition('.')[0] for name in sys.modules}))\n"


def loaded_after(code: str, folder: Path) -> set[str]:
    """Return the top-level modules that are loaded after `code` ran in a new process."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "EARSIGHT_TEST_DATA": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED], capture_output=True, text=True, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("code", [WEB_PROCESS, QUEUEING, WORKER_TASKS], ids=["web", "queueing", "worker start"])
def test_no_heavy_library_is_imported(code, tmp_path):
    assert loaded_after(code, tmp_path) & HEAVY == set()


def test_a_heavy_import_would_be_detected(tmp_path):
    assert "scipy" in loaded_after(WEB_PROCESS + "\nimport scipy.stats", tmp_path)


@pytest.mark.parametrize("then", ["", "from django.template import engines\nengines['django'].from_string('')\n"])
def test_commands_start_and_render_without_what_few_of_them_need(tmp_path, then):
    """Each takes a tenth of a second to import, and `analyze` of a small study takes about one."""
    code = f"import django\ndjango.setup()\n{then}import sys\nfor name in ('django.test', 'generation.redefinition'):\n"
    code += "    assert name not in sys.modules, name\n"
    assert loaded_after(code, tmp_path) & {"pydantic", "jinja2", "pyarrow", "openpyxl"} == set()
