"""`manage.py demo`: build a whole study, from music to an open survey and a full report, and serve it."""

import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from config.demo import study as demo
from config.demo.processes import (
    AlreadyRuns,
    OnlyDemo,
    Processes,
    free_port,
    wait_until_served,
    web_command,
    worker_command,
)
from generation.models import ClipStep, GenerationRun
from generation.tagging.base import TaggingError
from generation.tagging.files import default_weights_folder
from generation.tagging.musicnn.weights import ensure_weights
from study.errors import ImportRefused, StudyError
from study.models import Study

# If more rows than this are about unknown clips, the table is probably that of a whole data set.
FEW_PROBLEMS = 5


def refusal(error: ImportRefused) -> str:
    """Return the message for a refused table of tags; for a whole data set's table the hint comes first."""
    hint = "For a data set's whole table, add --skip-unknown."
    if error.unknown_clips > FEW_PROBLEMS:
        count = f"{error.unknown_clips} rows are about clips that are not in the folder. {hint}"
        return "\n".join([count, "The first problems:", *error.problems[:FEW_PROBLEMS], "Nothing was imported."])
    hints = [hint] if error.unknown_clips else ["Name the encoding by --encoding."] if error.readings else []
    return "\n".join([*error.problems, "Nothing was imported.", *hints])


def already_runs(address: str) -> str:
    """Return the message for a second demo on the same folder."""
    where = f" at {address}" if address else ", and is being built"
    return (
        f"A demo runs on the folder {settings.DATA_DIR} already{where}. Open that one, stop it by Ctrl-C, or name "
        "another folder by EARSIGHT_DATA."
    )


class Command(BaseCommand):
    help = "Build the demo study (or one of your own clips), open it, and serve it with a worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-serve", action="store_true", help="build everything, print the links and exit without serving them"
        )
        parser.add_argument("--clips", type=Path, help="a folder of WAV, FLAC, OGG or MP3 files to use instead")
        parser.add_argument("--tags", type=Path, help="their tags: CSV with columns clip,tags or clip × tag")
        parser.add_argument(
            "--skip-unknown",
            action="store_true",
            help="ignore rows of --tags about clips that are not in the folder (for the whole table of a data set)",
        )
        parser.add_argument("--encoding", help="the encoding of --tags, if it is not recognised: cp949, cp1252, …")
        parser.add_argument("--port", type=int, default=8000, help="the web server's port (default 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.console = Console()
        if options["tags"] and not options["clips"]:
            raise CommandError("--tags needs --clips: name the folder of the audio files too.", returncode=2)
        if not 1 <= options["port"] <= 65535:
            raise CommandError("--port is a number from 1 to 65535.", returncode=2)
        source = demo.DemoSource(options["clips"], options["tags"], options["skip_unknown"], options["encoding"])
        # A closed terminal (SIGHUP) and SIGTERM also stop the server and the worker, as Ctrl-C does.
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signal_number, signal.default_int_handler)
        try:
            with OnlyDemo(settings.DATA_DIR) as only:
                self.build(source, only, options)
        except AlreadyRuns as running:
            raise CommandError(already_runs(str(running)), returncode=2) from running
        except ImportRefused as error:
            raise CommandError(refusal(error), returncode=2) from error
        except (demo.DemoError, StudyError, TaggingError) as error:
            raise CommandError(str(error), returncode=2) from error
        except KeyboardInterrupt:
            self.notify("Stopped. Run it again to continue.")
            sys.exit(130)

    def build(self, source: demo.DemoSource, only: OnlyDemo, options: dict[str, Any]) -> None:
        self.prepare()
        user, password = demo.ensure_researcher()
        study = demo.ensure_study(source, user, self.notify)
        if options["no_serve"]:
            self.generate_here(study)
            answered = self.finish(study)
            self.show(study, answered, settings.BASE_URL, password)
            self.notify("Nothing serves these links yet: run the command again without --no-serve to open them.")
        else:
            self.serve(study, password, options["port"], only)

    def notify(self, text: str) -> None:
        self.console.print(text, highlight=False)

    def prepare(self) -> None:
        """Make what is missing of the database, the translations, the static files and the tagger's weights."""
        call_command("migrate", verbosity=0, interactive=False)
        call_command("compile_translations", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        ensure_weights(default_weights_folder())

    def progress(self) -> Progress:
        return Progress(
            TextColumn("Generating"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TimeRemainingColumn(),
            console=self.console,
        )

    def generate_here(self, study: Study) -> None:
        if not demo.images_are_missing(study):
            return
        with self.progress() as bar:
            task = bar.add_task("", total=None)
            demo.generate_here(study, lambda run: advance(bar, task, run))

    def finish(self, study: Study) -> Study:
        demo.ensure_open(study)
        return demo.ensure_answered_copy(study, self.notify)

    def serve(self, study: Study, password: str, wanted_port: int, only: OnlyDemo) -> None:
        try:
            port = free_port(wanted_port)
        except OSError as error:
            raise demo.DemoError(str(error)) from error
        base_url = f"http://127.0.0.1:{port}"
        if port != wanted_port:
            self.notify(f"Port {wanted_port} is taken; using {port}.")
        with Processes(settings.DATA_DIR / "logs") as processes:
            processes.start("web", web_command(port), EARSIGHT_BASE_URL=base_url)
            processes.start("worker", worker_command(), EARSIGHT_BASE_URL=base_url)
            if not wait_until_served(base_url + "/console/sign-in/"):
                raise demo.DemoError(f"The web server did not start; see {processes.log_of('web')}.")
            only.tell(f"{base_url}/console/")
            self.wait_for_generation(study, processes)
            answered = self.finish(study)
            self.show(study, answered, base_url, password)
            self.notify("Ctrl-C stops the server and the worker.")
            self.wait_for_ctrl_c(processes)
            self.notify("Stopped.")

    def wait_for_ctrl_c(self, processes: Processes) -> None:
        """Return when the demo is stopped."""
        try:
            while True:
                self.restart_worker(processes)
                time.sleep(1)
        except KeyboardInterrupt:
            return

    def restart_worker(self, processes: Processes) -> None:
        """Start the worker again if it has ended.

        Raises:
            DemoError: it has ended too often, or the web server has ended.
        """
        if (ended := processes.ended()) is None:
            return
        log = processes.log_of(ended)
        if ended != "worker" or not processes.restart(ended):
            raise demo.DemoError(f"The {ended} has ended; see {log}.")
        self.notify(f"The worker ended unexpectedly (see {log}) and is started again; it continues where it stopped.")

    def wait_for_generation(self, study: Study, processes: Processes) -> None:
        """Let the worker make the images and show its progress."""
        run = demo.start_generation(study, wake=True)
        if run is not None:
            with self.progress() as bar:
                task = bar.add_task("", total=None)
                while run.is_running:
                    advance(bar, task, run)
                    self.restart_worker(processes)
                    time.sleep(0.5)
                    run.refresh_from_db()
                advance(bar, task, run)
        demo.check_images(study)

    def show(self, study: Study, answered: Study, base_url: str, password: str) -> None:
        links = demo.links(study, answered, base_url)
        text = (
            f"Participant survey    {links['survey']}\n"
            f"Researcher console    {links['console']}\n"
            f"                      name [b]demo[/b], password [b]{password}[/b]\n"
            f"Results (simulated)   {links['results']}"
        )
        if self.console.is_terminal:
            self.console.print(Panel(text, title="Earsight", expand=False), soft_wrap=True, highlight=False)
        else:
            self.console.print(text, soft_wrap=True, highlight=False)


def advance(bar: Progress, task: TaskID, run: GenerationRun) -> None:
    """Show the run's progress on the bar."""
    steps = ClipStep.objects.filter(run=run)
    done = steps.exclude(state__in=ClipStep.UNFINISHED).count()
    bar.update(task, total=steps.count(), completed=done)
