"""Train CLMR: contrastive pre-training, heads on a frozen encoder, fine-tuning, supervised baseline."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError

from generation.management.progress import ProgressLine


class Command(BaseCommand):
    help = (
        "Train CLMR on a prepared MagnaTagATune. `pretrain` needs no labels; `head` fits a linear or MLP head on "
        "a frozen encoder; `finetune` trains both; `supervised` is the baseline from random weights. Run the "
        "same command again to go on after an interruption; for several GPUs put `accelerate launch` before it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stage", choices=["pretrain", "head", "finetune", "supervised"])
        parser.add_argument("--store", type=Path, required=True, help="made by prepare_magnatagatune")
        parser.add_argument("--annotations", type=Path, required=True, help="annotations_final.csv or a copy")
        parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and results.json")
        parser.add_argument("--encoder", type=Path, help="pre-trained encoder (head, finetune)")
        parser.add_argument("--top", type=int, default=50, help="train on the most frequent tags (default 50)")
        parser.add_argument("--mlp", action="store_true", help="head: one hidden layer of the encoder's size")
        parser.add_argument("--epochs", type=int, help="most passes over the training clips")
        parser.add_argument("--batch", type=int, help="clips per step, over all devices together")
        parser.add_argument("--learning-rate", type=float)
        parser.add_argument("--patience", type=int, help="epochs without a lower validation loss until it stops")
        parser.add_argument("--seed", type=int)
        parser.add_argument("--precision", choices=["no", "fp16", "bf16"], help="mixed precision (GPU)")
        parser.add_argument("--temperature", type=float, help="pretrain: temperature of the contrastive loss")

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.tagging.base import TaggingError
        from generation.tagging.magnatagatune import AnnotationError
        from generation.tagging.store import StoreError

        stage = options["stage"]
        if stage in ("head", "finetune") and options["encoder"] is None:
            raise CommandError(f"{stage} needs --encoder CHECKPOINT (made by pretrain, or published)", returncode=2)
        if options["top"] < 1:
            raise CommandError(f"--top: must be at least 1, not {options['top']}", returncode=2)
        try:
            record = getattr(self, f"_{stage}")(_Data(options), options)
        except ValidationError as error:
            raise CommandError(_option_errors(error), returncode=2) from error
        except (StoreError, AnnotationError, TaggingError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            f"{stage}: {record['epochs']} epochs in {record['seconds']:.0f} s, "
            f"best validation loss {record['best_valid_loss']:.4f} in epoch {record['best_epoch']}"
        )
        if "test" in record:
            test = record["test"]
            self.stdout.write(
                f"test: ROC-AUC {100 * test['roc_auc']:.1f}, PR-AUC {100 * test['pr_auc']:.1f} "
                f"({test['tags_scored']} tags)"
            )
        self.stdout.write(f"written to {options['out']}")

    def _show_progress(self, progress: Any) -> None:
        valid = "" if progress.valid_loss is None else f", validation {progress.valid_loss:.4f}"
        self.stderr.write(
            f"epoch {progress.epoch}, step {progress.step}: loss {progress.loss:.4f}{valid}, "
            f"{progress.clips_per_second:.1f} clips/s"
        )

    def _pretrain(self, data: "_Data", options: dict[str, Any]) -> dict[str, Any]:
        from generation.tagging.clmr import save_encoder
        from generation.tagging.clmr.pretrain import PretrainOptions, pretrain
        from generation.tagging.clmr.training import write_results

        settings = PretrainOptions(sample_rate=data.store.sample_rate, **_given(options, *_SHARED, "temperature"))
        out = options["out"]
        encoder, result = pretrain(
            data.split("train").clips, data.split("valid").clips, settings, out, on_progress=self._show_progress
        )
        save_encoder(encoder, out / "encoder.pt")
        record = result.record(settings, stage="pretrain", clips=len(data.split("train").clips))
        write_results(out / "results.json", record)
        return record

    def _head(self, data: "_Data", options: dict[str, Any]) -> dict[str, Any]:
        from generation.tagging.clmr import load_encoder_checkpoint, save_head
        from generation.tagging.clmr.heads import HeadOptions, compute_representations, train_head
        from generation.tagging.clmr.runtime import build_encode
        from generation.tagging.clmr.training import write_results
        from generation.tagging.evaluate import evaluate
        from study.digests import file_digest

        encoder = load_encoder_checkpoint(options["encoder"])
        encode, runtime = build_encode(encoder)
        digest = file_digest(options["encoder"])
        rows = {}
        for split in ("train", "valid", "test"):
            line = ProgressLine(self.stderr, f"{split}: represented")
            folder = options["out"] / "representations" / digest[:12] / split
            rows[split] = compute_representations(
                encode, data.split(split).clips, encoder.segment, folder, on_clip=line
            )
            line.close()
        names = ("epochs", "batch", "learning_rate", "patience", "seed")
        settings = HeadOptions(hidden=encoder.dimensions if options["mlp"] else None, **_given(options, *names))
        labels = {split: data.split(split).labels for split in rows}
        head, result = train_head(rows["train"], labels["train"], rows["valid"], labels["valid"], data.tags, settings)
        save_head(head, options["out"] / "head.pt", settings=settings.model_dump())
        valid = (rows["valid"].predict(head), labels["valid"])
        scores = evaluate(rows["test"].predict(head), data.tags, labels["test"], data.tags, valid=valid)
        record = result.record(settings, stage="head", encoder_sha256=digest, runtime=runtime, test=scores.record())
        write_results(options["out"] / "results.json", record)
        return record

    def _finetune(self, data: "_Data", options: dict[str, Any]) -> dict[str, Any]:
        from generation.tagging.clmr import load_encoder_checkpoint

        return self._on_tags(data, options, load_encoder_checkpoint(options["encoder"]))

    def _supervised(self, data: "_Data", options: dict[str, Any]) -> dict[str, Any]:
        return self._on_tags(data, options, None)

    def _on_tags(self, data: "_Data", options: dict[str, Any], encoder: Any) -> dict[str, Any]:
        from generation.tagging.clmr import save_encoder, save_head
        from generation.tagging.clmr.supervised import SupervisedOptions, train_on_tags
        from generation.tagging.clmr.tagger import ClmrTagger
        from generation.tagging.clmr.training import write_results
        from generation.tagging.evaluate import evaluate, predict_source

        settings = SupervisedOptions(**_given(options, *_SHARED))
        train, valid, test = (data.split(split) for split in ("train", "valid", "test"))
        out = options["out"]
        trained, head, result = train_on_tags(
            train.clips,
            train.labels,
            valid.clips,
            valid.labels,
            settings,
            out,
            encoder=encoder,
            on_progress=self._show_progress,
        )
        tagger = ClmrTagger(trained, head, data.tags, {"name": "clmr"})
        rate = data.store.sample_rate
        tuned = (predict_source(tagger, valid.clips, rate), valid.labels)
        heard = predict_source(tagger, test.clips, rate, ProgressLine(self.stderr, "test: tagged"))
        scores = evaluate(heard, data.tags, test.labels, data.tags, valid=tuned)
        head.tags = data.tags
        head.thresholds = tuple(float(value) for value in scores.thresholds)  # type: ignore[union-attr]
        save_encoder(trained, out / "encoder.pt")
        save_head(head, out / "head.pt", settings=settings.model_dump())
        record = result.record(settings, stage=options["stage"], test=scores.record())
        write_results(out / "results.json", record)
        return record


_SHARED = ("epochs", "batch", "learning_rate", "patience", "seed", "precision")


def _option_errors(error: ValidationError) -> str:
    """Return the errors of the settings, each with its command-line option."""
    return "\n".join(
        f"--{'-'.join(str(part) for part in problem['loc']).replace('_', '-')}: "
        f"{problem['msg'].removeprefix('Input ')}, not {problem['input']!r}"
        for problem in error.errors()
    )


def _given(options: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the settings given on the command line; the others keep their defaults."""
    return {name: options[name] for name in names if options[name] is not None}


class _Data:
    """The store and the labels of the most frequent tags, by the standard split."""

    def __init__(self, options: dict[str, Any]) -> None:
        from generation.tagging.clmr import SAMPLE_RATE
        from generation.tagging.magnatagatune import SplitData, read_annotations
        from generation.tagging.store import AudioStore, StoreError

        self.store = AudioStore(options["store"])
        if self.store.sample_rate != SAMPLE_RATE:  # the tagger resamples to this rate
            raise StoreError(
                f"{options['store']}: holds audio at {self.store.sample_rate} Hz; CLMR hears {SAMPLE_RATE}. "
                "Prepare a store with --sample-rate 22050."
            )
        table = read_annotations(options["annotations"])
        self._table = table.choose(table.top(options["top"]))
        self.tags = self._table.tags
        self._splits: dict[str, SplitData] = {}

    def split(self, name: str) -> Any:
        from generation.tagging.magnatagatune import split_data

        if name not in self._splits:
            self._splits[name] = split_data(self._table, self.store, name)
        return self._splits[name]
