"""Redefine a whole tag file: `manage.py redefine_tags annotations_final.csv --out OUT.csv --report REPORT.json`."""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from pydantic import ValidationError

from generation.redefinition.errors import RedefinitionError
from generation.redefinition.rules.rule_files import DEFAULT_RULES, SHIPPED, load_rules
from generation.redefinition.rules.rule_set import RuleSet
from generation.redefinition.table import RedefinedTable, redefine_table
from generation.redefinition.tag_files import read_tag_table, write_tag_table
from generation.redefinition.voice_evidence import VoiceThresholds
from generation.redefinition.voice_files import read_voice_table
from study.management.arguments import input_file, number, output_file
from study.management.command import EarsightCommand

SHOWN_CLIPS = 5


class Command(EarsightCommand):
    help = "Redefine the tags of a whole file by rules, with the voice detectors' evidence where there is any."
    examples = (
        "my-tags.csv --out redefined.csv --report report.json",
        "my-tags.csv --voice voice.csv --rules curated --out redefined.csv --report report.json",
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        defaults = VoiceThresholds()
        parser.add_argument("annotations", type=input_file, help="a clip × tag table of 0 and 1, or a clip,tags list")
        parser.add_argument("--voice", type=input_file, help="clip_id,voice: share of each clip with voice, 0 to 1")
        parser.add_argument(
            "--rules", default=DEFAULT_RULES, help=f"{', '.join(SHIPPED)}, or a YAML file (default %(default)s)"
        )
        parser.add_argument("--out", type=output_file, required=True, help="the redefined file, in the input's layout")
        parser.add_argument(
            "--prompts-out", type=output_file, help="optional: the tags that prompts name, in the same layout"
        )
        parser.add_argument("--report", type=output_file, required=True, help="what was done, as JSON")
        parser.add_argument(
            "--changes", type=output_file, help="optional CSV: every change of every clip and its reason"
        )
        parser.add_argument("--encoding", help="of both tables, if it is not recognised: utf-8, cp949, cp1252, …")
        parser.add_argument(
            "--voice-at",
            type=number(0, 1),
            default=defaults.voice_at,
            help="share from which on a clip counts as having a voice (default %(default)s)",
        )
        parser.add_argument(
            "--none-at",
            type=number(0, 1),
            default=defaults.none_at,
            help="share up to which a clip counts as having no voice (default %(default)s)",
        )
        parser.add_argument(
            "--tagger-at",
            type=number(0, 1),
            default=defaults.tagger_at,
            help="threshold of the tagger for a voice (default %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _check_places(options)
        try:
            thresholds = VoiceThresholds(
                voice_at=options["voice_at"], none_at=options["none_at"], tagger_at=options["tagger_at"]
            )
            rules = load_rules(options["rules"])
            encoding, voice = options["encoding"], options["voice"]
            table = read_tag_table(options["annotations"], encoding=encoding)
            notes = list(table.notes)
            evidence = (
                read_voice_table(voice, table.clips, table.text, encoding=encoding, notes=notes) if voice else None
            )
            redefined = redefine_table(table, rules, evidence=evidence, thresholds=thresholds)
            report = redefined.report()
            self._write(redefined, report, options)
        except RedefinitionError as error:
            raise CommandError(str(error), returncode=2) from error
        except ValidationError as error:
            faults = "; ".join(problem["msg"] for problem in error.errors())
            raise CommandError(f"thresholds: {faults}.", returncode=2) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: cannot be written ({error.strerror}).", returncode=2) from error
        for note in notes:
            self.stderr.write(f"warning: {note}")
        if options["verbosity"] >= 2:
            self._show_stages(redefined, rules)
        self._summarise(redefined, report)

    def _write(self, redefined: RedefinedTable, report: dict[str, Any], options: dict[str, Any]) -> None:
        write_tag_table(redefined.table, options["out"])
        if options["prompts_out"]:
            write_tag_table(redefined.prompts, options["prompts_out"])
        text = json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False)
        options["report"].write_text(text + "\n", encoding="utf-8")
        if options["changes"]:
            with options["changes"].open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["clip_id", "tag", "action", "into", "rule", "why", "evidence"])
                for clip, change in redefined.changes():
                    facts = json.dumps(change.evidence) if change.evidence else ""
                    writer.writerow(
                        [
                            clip,
                            change.tag,
                            change.action,
                            "; ".join(change.into),
                            change.rule,
                            change.why,
                            facts,
                        ]
                    )

    def _show_stages(self, redefined: RedefinedTable, rules: RuleSet) -> None:
        """Show each rule with the clips that it changed and the total after it, and each stage with the tags left."""
        for stage in rules.file.stages:
            self.stdout.write(stage.name)
            for step in rules.steps:
                if step.stage == stage.name:
                    changed, total = redefined.clips_changed[step.name], redefined.totals[step.name]
                    came_to = f" → {total:,}" if total else ""
                    self.stdout.write(f"  {changed:>7,}{came_to}  {step.section}: {step.rule.label}")
            self.stdout.write(f"  {redefined.tags_left.get(stage.name, len(redefined.original.tags))} tags left")

    def _summarise(self, redefined: RedefinedTable, report: dict[str, Any]) -> None:
        contested = len({entry["clip_id"] for entry in report["contested"]})
        self.stdout.write(
            f"{report['clips']:,} clips, {report['tags_before']} tags before, {report['tags_after']} after; "
            f"contradictions {report['contradictions_before']:,} before, {report['contradictions_after']:,} after; "
            f"{contested:,} clips contested."
        )
        redundancy = redefined.redundancy
        self.stdout.write(
            f"Clips with redundant tags: {redundancy.clips_before:,} before, {redundancy.clips_after:,} after, "
            f"{redundancy.clips_in_prompts:,} in prompts."
        )
        if dropped := redefined.removed_tags():
            named = ", ".join(f"{entry['tag']!r} ({entry['clips']:,})" for entry in dropped)
            self.stdout.write(f"Removed, from so many clips: {named}.")
        if emptied := redefined.emptied():
            named = ", ".join(f"{clip} ({', '.join(tags)})" for clip, tags in emptied[:SHOWN_CLIPS])
            more = f", and {len(emptied) - SHOWN_CLIPS:,} more in the report" if len(emptied) > SHOWN_CLIPS else ""
            self.stdout.write(f"No tag is left for {len(emptied):,} clips that had some: {named}{more}.")
        for tag, meant in redefined.unknown.items():
            offer = f"; is {meant!r} meant? List it under `spelling` to apply it" if meant else ""
            self.stdout.write(f"Unknown tag {tag!r}, kept as it is{offer}.")


def _check_places(options: dict[str, Any]) -> None:
    """Refuse output files that cannot be written or would overwrite an input, before the work is done."""
    read = {options[name].resolve() for name in ("annotations", "voice") if options[name]}
    written: set[Path] = set()
    for name in ("out", "prompts_out", "report", "changes"):
        path = options[name]
        name = name.replace("_", "-")
        if path is None:
            continue
        if path.suffix.lower() == ".xlsx":
            raise CommandError(f"--{name}: {path} would be no spreadsheet; name it .csv.", returncode=2)
        if path.resolve() in read | written:
            raise CommandError(
                f"--{name}: {path} is read or written already; give another name. Nothing was written.",
                returncode=2,
            )
        written.add(path.resolve())
