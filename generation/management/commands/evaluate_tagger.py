"""ROC-AUC and PR-AUC of a tagger on MagnaTagATune's standard split."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.management.progress import ProgressLine
from generation.management.taggers import add_tagger_arguments, tagger_from


class Command(BaseCommand):
    help = "Evaluate a tagger as published: mean per clip; ROC-AUC and PR-AUC, macro over tags."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--store", type=Path, required=True, help="made by prepare_magnatagatune")
        parser.add_argument("--annotations", type=Path, required=True, help="annotations_final.csv or a copy")
        parser.add_argument("--split", choices=["train", "valid", "test"], default="test")
        parser.add_argument("--top", type=int, default=50, help="the most frequent tags (default 50)")
        parser.add_argument("--json", type=Path, metavar="OUT.json", help="write all figures there")
        add_tagger_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.tagging.base import TaggingError
        from generation.tagging.evaluate import evaluate, predict_source
        from generation.tagging.magnatagatune import AnnotationError, read_annotations, split_data
        from generation.tagging.store import AudioStore, StoreError

        if options["top"] < 1:
            raise CommandError(f"--top: must be at least 1, not {options['top']}", returncode=2)
        if options["json"] and not options["json"].parent.is_dir():  # before an hour's work, not after it
            raise CommandError(f"--json: the folder {options['json'].parent} does not exist; create it.", returncode=2)
        tagger = tagger_from(options)
        try:
            store = AudioStore(options["store"])
            table = read_annotations(options["annotations"])
            table = table.choose(table.top(options["top"]))
            test = split_data(table, store, options["split"])
            line = ProgressLine(self.stderr, "tagged")
            heard = predict_source(tagger, test.clips, store.sample_rate, line)
            tuned = None
            if options["split"] != "valid":
                valid = split_data(table, store, "valid")
                tuned = (predict_source(tagger, valid.clips, store.sample_rate, line), valid.labels)
            line.close()
            result = evaluate(heard, tagger.vocabulary, test.labels, table.tags, valid=tuned)
        except (StoreError, AnnotationError, TaggingError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        record = {
            "tagger": tagger.identity,
            "split": options["split"],
            "clips": len(test.clips),
            "missing": len(test.missing),
            **result.record(),
        }
        if options["json"]:
            options["json"].write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        if test.missing:
            self.stderr.write(f"{len(test.missing)} clips of the split are not in the store and were left out.")
        self.stdout.write(
            f"{len(test.clips)} clips, {result.scores.tags_scored} tags: "
            f"ROC-AUC {100 * result.scores.roc_auc:.1f}, PR-AUC {100 * result.scores.pr_auc:.1f}"
        )
