"""ROC-AUC and PR-AUC of a tagger on MagnaTagATune's standard split."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.management.data_sets import add_data_arguments, labelled_audio
from generation.management.progress import ProgressLine
from generation.management.taggers import add_tagger_arguments, tagger_from
from study.management.arguments import output_file
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = "Evaluate a tagger as published: mean per clip; ROC-AUC and PR-AUC, macro over tags."
    examples = ("--store magnatagatune/store --annotations annotations_final.csv",)
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_data_arguments(parser)
        parser.add_argument("--split", choices=["train", "valid", "test"], default="test", help="default test")
        parser.add_argument("--json", type=output_file, metavar="OUT.json", help="write all figures there")
        add_tagger_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.tagging.base import TaggingError
        from generation.tagging.evaluate import evaluate, predict_source
        from generation.tagging.magnatagatune import AnnotationError
        from generation.tagging.store import StoreError

        data = labelled_audio(options)
        tagger = tagger_from(options, self.stderr)
        try:
            test, rate = data.split(options["split"]), data.store.sample_rate
            line = ProgressLine(self.stderr, "tagged")
            heard = predict_source(tagger, test.clips, rate, line)
            tuned = None
            if options["split"] != "valid":
                valid = data.split("valid")
                tuned = (predict_source(tagger, valid.clips, rate, line), valid.labels)
            line.close()
            result = evaluate(heard, tagger.vocabulary, test.labels, data.tags, valid=tuned)
        except (StoreError, AnnotationError, TaggingError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        record = {
            "tagger": tagger.identity,
            "split": options["split"],
            "clips": len(test.clips),
            "missing": len(test.missing),
            "evaluated_on": data.record(),
            **result.record(),
        }
        if options["json"]:
            options["json"].write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        if test.missing:
            self.stderr.write(f"{len(test.missing)} clips of the split are not in the store and were left out.")
        self.stderr.write(data.describe_untagged())
        self.stdout.write(
            f"{len(test.clips)} clips, {result.scores.tags_scored} tags: "
            f"ROC-AUC {100 * result.scores.roc_auc:.1f}, PR-AUC {100 * result.scores.pr_auc:.1f}"
        )
