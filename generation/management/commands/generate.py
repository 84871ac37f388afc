"""`manage.py generate SLUG`: start a study's generation, and watch it."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from generation.errors import GenerationError
from generation.models import ClipStep, GenerationRun
from generation.runs import execution, lifecycle
from generation.runs.progress import progress_of
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.models import Study


class Command(EarsightCommand):
    help = "Make the images of a study: what is made already stays, all else is made by the workers or here."
    examples = ("my-study --wait", "my-study --in-process")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name, as in its address")
        parser.add_argument("--wait", action="store_true", help="wait for the workers and show the progress")
        parser.add_argument(
            "--in-process", action="store_true", help="do all steps in this process; no worker is needed"
        )

    def handle(self, *args: Any, slug: str, wait: bool, in_process: bool, **options: Any) -> None:
        study = study_with_slug(slug)
        try:
            run = lifecycle.active_run(study) or lifecycle.start_run(study, wake=not in_process, in_process=in_process)
        except GenerationError as error:
            raise CommandError(str(error), returncode=2) from error
        if in_process or wait:
            run = self._watch(study, run, in_process)
            self._report(run)
        else:
            self.stdout.write(f"Run {run.number} is {run.get_state_display()}; workers do the rest.")

    def _watch(self, study: Study, run: GenerationRun, in_process: bool) -> GenerationRun:
        console = Console(file=self.stdout)  # type: ignore[arg-type]  # it writes like a file
        columns = (
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as display:
            task = display.add_task("images", note="")

            def show(run: GenerationRun) -> None:
                now = progress_of(study)
                rate = f"{now.rate:.1f} a minute" if now.rate else ""
                left = f", {now.seconds_left / 60:.0f} min left" if now.seconds_left else ""
                note = f"waits: {now.held.reason}" if now.held else f"{rate}{left}"
                display.update(task, completed=now.images_ready, total=max(now.images_wanted, 1), note=note)

            if in_process:
                run = execution.run_pending(study, progress=show) or run
            while run.is_running:
                show(run)
                time.sleep(0.5)
                run.refresh_from_db()
            show(run)
        return run

    def _report(self, run: GenerationRun) -> None:
        failed = ClipStep.objects.filter(run=run, state=ClipStep.State.FAILED).select_related("clip")
        for step in failed:
            self.stderr.write(f"{step.clip.name}, {step.get_kind_display()}: {step.error}")
        if run.state == GenerationRun.State.STOPPED:
            raise CommandError(run.message, returncode=2)
        if failed:
            raise CommandError(f"{len(failed)} steps failed; fix them and run this again.", returncode=1)
        self.stdout.write(f"Run {run.number} is {run.get_state_display()}: {run.totals['images']} images.")
