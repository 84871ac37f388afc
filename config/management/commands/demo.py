"""`manage.py demo`: build a whole study, from music to an open survey and a full report, and serve it."""

import getpass
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from config.demo import study as demo
from config.demo.addresses import Site, host_argument, listen_on, own_web_address, port_of, site_at, site_of
from config.demo.lock import AlreadyRuns, OnlyDemo
from config.demo.processes import Processes, wait_until_served, web_command, worker_command
from config.demo.tunnels import NAMES, Tunnel, find_tunnel, open_tunnel
from config.environment import values as environment
from generation.models import ClipStep, GenerationRun
from generation.tagging.base import TaggingError
from generation.tagging.files import default_weights_folder
from generation.tagging.musicnn.weights import ensure_weights
from study.errors import ImportRefused, StudyError
from study.management.arguments import input_file, input_folder, whole_number
from study.management.command import EarsightCommand
from study.models import Study
from study.participants.reach import Reach, reach_of

# If more rows than this are about unknown clips, the table is probably that of a whole data set.
FEW_PROBLEMS = 5
# How often --share asks for a password before it gives up.
MOST_TRIES = 3


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
    where = f" at {address}/console/" if address else ", and is being built"
    return (
        f"A demo runs on the folder {settings.DATA_DIR} already{where}. Open that one, stop it by Ctrl-C, or name "
        "another folder by EARSIGHT_DATA."
    )


def who_can_open(site: Site) -> str:
    """Return the notice of who beside this machine can open the demo; empty if nobody can."""
    reaches = {reach_of(address) for address in (site.address, *site.others)}
    if Reach.ANYWHERE in reaches:
        who, mend = "Everybody on the internet", "leave out --host, or name an address of your own network."
    elif Reach.NETWORK in reaches:
        who, mend = "Everybody in the same network", "do this in a network that you trust."
    else:
        return ""
    return (
        f"{who} can open this demo's survey, and the sign-in page of its console, until you stop it. Nothing is "
        f"encrypted on the way: {mend}"
    )


class Command(EarsightCommand):
    help = "Build the demo study (or one of your own clips), open it, and serve it with a worker."
    examples = ("", "--clips my-clips/ --tags my-tags.csv", "--host 0.0.0.0 --port 8080", "--share")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-serve", action="store_true", help="build everything, print the links and exit without serving them"
        )
        parser.add_argument("--clips", type=input_folder, help="a folder of WAV, FLAC, OGG or MP3 files to use instead")
        parser.add_argument("--tags", type=input_file, help="their tags: CSV with columns clip,tags or clip × tag")
        parser.add_argument(
            "--skip-unknown",
            action="store_true",
            help="ignore rows of --tags about clips that are not in the folder (for the whole table of a data set)",
        )
        parser.add_argument("--encoding", help="the encoding of --tags, if it is not recognised: cp949, cp1252, …")
        parser.add_argument(
            "--port",
            type=whole_number(1, 65535),
            default=8000,
            help="the web server's port (default 8000); if it is taken, the first free one after it",
        )
        parser.add_argument(
            "--host",
            type=host_argument,
            default="127.0.0.1",
            metavar="ADDRESS",
            help="the address to serve at: 0.0.0.0 lets phones and computers in your networks open the demo, 127.0.0.1 "
            "(the default) this machine alone",
        )
        parser.add_argument(
            "--share",
            nargs="?",
            const="",
            choices=("", *NAMES),
            metavar="TUNNEL",
            help="let people outside open the demo, by a tunnel program that is installed; asks for a password first. "
            f"TUNNEL: {', '.join(NAMES)} (default: the first one found)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.console = Console()
        if options["tags"] and not options["clips"]:
            raise CommandError("--tags needs --clips: name the folder of the audio files too.", returncode=2)
        if options["share"] is not None and (options["no_serve"] or options["host"] != "127.0.0.1"):
            raise CommandError(
                "--share serves to this machine alone, and the tunnel leads there: leave out --host and --no-serve.",
                returncode=2,
            )
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
        tunnel, chosen = None, None
        if options["share"] is not None:
            tunnel = find_tunnel(options["share"])
        self.prepare()
        if tunnel is not None:
            chosen = self.prepare_to_share(tunnel)
        user, password = demo.ensure_researcher(chosen)
        study = demo.ensure_study(source, user, self.notify)
        if options["no_serve"]:
            self.generate_here(study)
            answered = self.finish(study)
            # Where other programs will serve it, if that is set; else where this command will.
            address = environment.text("EARSIGHT_BASE_URL", "")
            site = Site(address) if address else site_at(options["host"], options["port"])
            self.show(study, answered, site, password)
            self.notify("Nothing serves these links yet: run the command again without --no-serve to open them.")
        else:
            with listen_on(options["host"], options["port"]) as listener:
                if (port := port_of(listener)) != options["port"]:
                    self.notify(f"Port {options['port']} is taken; using {port}.")
                self.serve(study, password, listener, only, tunnel)

    def prepare_to_share(self, tunnel: Tunnel) -> str | None:
        """Tell what becomes reachable and for whom; return the password that is chosen, None if there is one already.

        Raises:
            DemoError: nobody is at a terminal, or no password was good enough.
        """
        self.notify(
            f"--share opens this demo by {tunnel.program}, until you stop it by Ctrl-C: its survey, and the sign-in "
            f"page of its console, for {tunnel.audience}. {tunnel.passes}"
        )
        if demo.is_password_chosen():
            self.notify("The console keeps the password that you chose.")
            return None
        if not sys.stdin.isatty():
            raise demo.DemoError("--share asks for a password of your own: run it in a terminal.")
        self.notify(f"Choose a password for the console's account “{demo.NAME}”; it replaces the demo's.")
        try:
            return self.ask_for_password()
        except EOFError:
            raise demo.DemoError("The terminal was closed before a password was typed; run this again.") from None

    def ask_for_password(self) -> str:
        """Return the password that somebody types twice.

        Raises:
            DemoError: none was good enough.
        """
        user = get_user_model()(username=demo.NAME)
        for _ in range(MOST_TRIES):
            password = getpass.getpass("Password (12 characters or more): ")
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.notify(" ".join(error.messages))
                continue
            if getpass.getpass("The same again: ") == password:
                return password
            self.notify("The two were not the same.")
        raise demo.DemoError("No password was chosen, so nothing is shared; run this again.")

    def notify(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False)

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

    def serve(
        self, study: Study, password: str | None, listener: socket.socket, only: OnlyDemo, tunnel: Tunnel | None
    ) -> None:
        own = own_web_address(listener)
        with Processes(settings.DATA_DIR / "logs") as processes:
            site = site_of(listener)
            if tunnel is not None:
                self.notify(f"Opening the tunnel by {tunnel.program} …")
                site = Site(open_tunnel(tunnel, port_of(listener), processes), is_public=True)
            elif notice := who_can_open(site):
                self.notify(notice)
            settled = site.environment()
            number = listener.fileno()
            processes.start("web", web_command(f"fd://{number}"), settled, files=[number])
            listener.close()
            processes.start("worker", worker_command(), settled)
            if not wait_until_served(f"{own}/console/sign-in/", has_ended=lambda: processes.has_ended("web")):
                raise demo.DemoError(f"The web server did not start; see {processes.log_of('web')}.")
            only.tell(site.address)
            self.wait_for_generation(study, processes)
            answered = self.finish(study)
            self.show(study, answered, site, password)
            self.notify(f"Ctrl-C stops the server{', the tunnel' if tunnel else ''} and the worker.")
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
            raise demo.DemoError(f"The {ended} has ended; see {log}, then run this again.")
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

    def show(self, study: Study, answered: Study, site: Site, password: str | None) -> None:
        links = {name: escape(link) for name, link in demo.links(study, answered, site.address).items()}
        secret = "the password that you chose" if password is None else f"password [b]{password}[/b]"
        text = (
            f"Participant survey    {links['survey']}\n"
            f"Researcher console    {links['console']}\n"
            f"                      name [b]{demo.NAME}[/b], {secret}\n"
            f"Results (simulated)   {links['results']}"
        )
        if site.others:
            text += f"\nAlso reached at       {escape(', '.join(site.others))}"
        self.console.print(text, soft_wrap=True, highlight=False)  # without a frame, which would cut off addresses


def advance(bar: Progress, task: TaskID, run: GenerationRun) -> None:
    """Show the run's progress on the bar."""
    steps = ClipStep.objects.filter(run=run)
    done = steps.exclude(state__in=ClipStep.UNFINISHED).count()
    bar.update(task, total=steps.count(), completed=done)
