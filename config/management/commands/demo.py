"""`manage.py demo`: a whole study, from music to an open survey and a full report, and both served."""

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

from config import demo
from config.processes import Processes, free_port, wait_until_served, web_command, worker_command
from generation.models import ClipStep, GenerationRun
from generation.tagging.base import TaggingError
from generation.tagging.files import default_weights_folder
from generation.tagging.musicnn.weights import ensure_weights
from study.errors import ImportRefused, StudyError
from study.models import Study


class Command(BaseCommand):
    help = "Build the demo study (or one of your own clips), open it, and serve it with a worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="build everything, print the links and exit")
        parser.add_argument("--clips", type=Path, help="a folder of WAV, FLAC, OGG or MP3 files to use instead")
        parser.add_argument("--tags", type=Path, help="their tags: CSV with columns clip,tags or clip × tag")
        parser.add_argument(
            "--skip-unknown",
            action="store_true",
            help="pass over rows of --tags about clips that are not in the folder (a data set's whole table)",
        )
        parser.add_argument("--port", type=int, default=8000, help="the web server's port (default 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.console = Console()
        if options["tags"] and not options["clips"]:
            raise CommandError("--tags goes with --clips: name the folder of the audio files too.", returncode=2)
        if not 1 <= options["port"] <= 65535:
            raise CommandError("--port is a number from 1 to 65535.", returncode=2)
        source = demo.DemoSource(options["clips"], options["tags"], options["skip_unknown"])
        # A closed terminal and a plain kill stop the server and the worker too, as Ctrl-C does.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        try:
            self.prepare()
            user, password = demo.ensure_researcher()
            study = demo.ensure_study(source, user, self.say)
            if options["no_serve"]:
                self.generate_here(study)
                answered = self.finish(study)
                self.show(study, answered, settings.BASE_URL, password)
                self.say("Run it again without --no-serve to have them answered.")
            else:
                self.serve(study, password, options["port"])
        except ImportRefused as error:
            hint = ["For a data set's whole table, add --skip-unknown."] if error.unknown_clips else []
            lines = [*error.problems, "Nothing was imported.", *hint]
            raise CommandError("\n".join(lines), returncode=2) from error
        except (demo.DemoError, StudyError, TaggingError) as error:
            raise CommandError(str(error), returncode=2) from error
        except KeyboardInterrupt:
            self.say("Stopped. Run it again to go on.")
            sys.exit(130)

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False)

    def prepare(self) -> None:
        """The database, the translations, the style sheets, the tagger's weights: each only if it is not there."""
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
        if not demo.is_left_to_generate(study):
            return
        with self.progress() as bar:
            task = bar.add_task("", total=None)
            demo.generate_here(study, lambda run: advance(bar, task, run))

    def finish(self, study: Study) -> Study:
        demo.ensure_open(study)
        return demo.ensure_answered_copy(study, self.say)

    def serve(self, study: Study, password: str, wanted_port: int) -> None:
        try:
            port = free_port(wanted_port)
        except OSError as error:
            raise demo.DemoError(str(error)) from error
        base_url = f"http://127.0.0.1:{port}"
        if port != wanted_port:
            self.say(f"Port {wanted_port} is taken; using {port}.")
        with Processes(settings.DATA_DIR / "logs") as processes:
            processes.start("web", web_command(port), EARSIGHT_BASE_URL=base_url)
            processes.start("worker", worker_command(), EARSIGHT_BASE_URL=base_url)
            if not wait_until_served(base_url + "/console/sign-in/"):
                raise demo.DemoError(f"The web server did not start; {processes.log_of('web')} says why.")
            self.wait_for_generation(study, processes)
            answered = self.finish(study)
            self.show(study, answered, base_url, password)
            self.say("Ctrl-C stops the server and the worker.")
            self.wait_for_ctrl_c(processes)
            self.say("Stopped.")

    def wait_for_ctrl_c(self, processes: Processes) -> None:
        """Returns when somebody stops the demo."""
        try:
            while True:
                self.look_after(processes)
                time.sleep(1)
        except KeyboardInterrupt:
            return

    def look_after(self, processes: Processes) -> None:
        """Starts a worker that ended by itself again; one that keeps ending, or a server that ended, is an error."""
        if (ended := processes.ended()) is None:
            return
        why = f"{processes.log_of(ended)} says why"
        if ended != "worker" or not processes.start_again(ended):
            raise demo.DemoError(f"The {ended} has ended; {why}.")
        self.say(f"The worker ended by itself ({why}) and is started again; it goes on where it was.")

    def wait_for_generation(self, study: Study, processes: Processes) -> None:
        """Lets the worker make the images and shows how far it is."""
        run = demo.start_generation(study, wake=True)
        if run is not None:
            with self.progress() as bar:
                task = bar.add_task("", total=None)
                while run.is_running:
                    advance(bar, task, run)
                    self.look_after(processes)
                    time.sleep(0.5)
                    run.refresh_from_db()
                advance(bar, task, run)
        demo.check_generated(study)

    def show(self, study: Study, answered: Study, base_url: str, password: str) -> None:
        found = demo.links(study, answered, base_url)
        text = (
            f"Participant survey    {found['survey']}\n"
            f"Researcher console    {found['console']}\n"
            f"                      name [b]demo[/b], password [b]{password}[/b]\n"
            f"Results (simulated)   {found['results']}"
        )
        if self.console.is_terminal:
            self.console.print(Panel(text, title="Earsight", expand=False), soft_wrap=True, highlight=False)
        else:
            self.console.print(text, soft_wrap=True, highlight=False)


def advance(bar: Progress, task: TaskID, run: GenerationRun) -> None:
    """Moves the bar to where the run is."""
    steps = ClipStep.objects.filter(run=run)
    done = steps.exclude(state__in=ClipStep.UNFINISHED).count()
    bar.update(task, total=steps.count(), completed=done)
