"""Train CLMR: contrastive pre-training, heads on a frozen encoder, fine-tuning, supervised baseline."""

import json
import os
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pydantic import BaseModel, ValidationError

from generation.management.data_sets import add_data_arguments, labelled_audio
from generation.management.progress import ProgressLine
from study.management.arguments import input_file, number, output_folder, whole_number
from study.management.command import EarsightCommand

_SHARED = ("epochs", "batch", "learning_rate", "patience", "seed", "precision", "checkpoint_every")
_HEAD = ("epochs", "batch", "learning_rate", "patience", "seed")
# Options that only some stages take: without effect in another stage, they are refused there.
_ONLY_IN = {
    "encoder": ("head", "finetune"),
    "mlp": ("head",),
    "representations": ("head",),
    "temperature": ("pretrain",),
    "precision": ("pretrain", "finetune", "supervised"),
    "checkpoint_every": ("pretrain", "finetune", "supervised"),
}


class Command(EarsightCommand):
    help = (
        "Train CLMR on a prepared MagnaTagATune. `pretrain` needs no labels; `head` fits a linear or MLP head on "
        "a frozen encoder; `finetune` trains both; `supervised` is the baseline from random weights. Run the "
        "same command again to go on after an interruption; for several GPUs put `accelerate launch` or `torchrun` "
        "before it. docs/training.md has a recipe."
    )
    examples = (
        "pretrain --store magnatagatune/store --annotations annotations_final.csv --out encoder/",
        "head --encoder encoder.pt --store magnatagatune/store --annotations annotations_final.csv --out head/",
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stage", choices=["pretrain", "head", "finetune", "supervised"], help="what is trained")
        add_data_arguments(parser)
        parser.add_argument("--out", type=output_folder, required=True, help="folder for checkpoints and results.json")
        parser.add_argument("--encoder", type=input_file, help="pre-trained encoder (head, finetune)")
        parser.add_argument(
            "--representations",
            type=output_folder,
            metavar="FOLDER",
            help="head: where the encoder's representations are kept for every head on it (default: "
            "STORE/representations)",
        )
        parser.add_argument("--mlp", action="store_true", help="head: one hidden layer of the encoder's size")
        for option, kind, text in (
            ("epochs", whole_number(1, 1_000_000), "most passes over the training clips"),
            ("batch", whole_number(1, 1_000_000), "clips per step, over all devices together"),
            ("learning-rate", number(above=0, most=100), "Adam's (first) learning rate"),
            ("patience", whole_number(1, 1_000_000), "epochs without a lower validation loss until it stops"),
            ("seed", whole_number(), "everything random comes from it"),
            ("checkpoint-every", whole_number(1), "steps between checkpoints"),
        ):
            parser.add_argument(f"--{option}", type=kind, help=f"{text} ({_defaults(option)})")
        parser.add_argument(
            "--precision", choices=["no", "fp16", "bf16"], help=f"mixed precision (GPU; {_defaults('precision')})"
        )
        parser.add_argument(
            "--temperature",
            type=number(above=0, most=1000),
            help=f"pretrain: temperature of the contrastive loss ({_defaults('temperature')})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        import torch

        from generation.tagging.base import TaggingError
        from generation.tagging.magnatagatune import AnnotationError
        from generation.tagging.store import StoreError

        stage = options["stage"]
        if stage in ("head", "finetune") and options["encoder"] is None:
            raise CommandError(f"{stage} needs --encoder CHECKPOINT (made by pretrain, or published)", returncode=2)
        for name, stages in _ONLY_IN.items():
            if options[name] is not None and options[name] is not False and stage not in stages:
                option = name.replace("_", "-")
                raise CommandError(
                    f"--{option} has no effect on {stage}; it belongs to {', '.join(stages)}", returncode=2
                )
        if stage == "head" and not _is_main_process():
            return  # a head takes seconds: one process trains it, and the others would overwrite its files
        try:
            record = _Training(self, options).run()
        except ValidationError as error:
            raise CommandError(_option_errors(error), returncode=2) from error
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise CommandError(
                "memory ran out; choose a smaller --batch, or --precision bf16 on a GPU. docs/training.md says what "
                "each costs.",
                returncode=2,
            ) from error
        except (StoreError, AnnotationError, TaggingError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        if record is None:
            return
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


class _Training:
    """One call of the command: its data, its settings, and the files that it writes."""

    def __init__(self, command: EarsightCommand, options: dict[str, Any]) -> None:
        from generation.tagging.clmr import SAMPLE_RATE, load_encoder_checkpoint
        from generation.tagging.store import StoreError
        from study.digests import file_digest

        self.command, self.options, self.out = command, options, options["out"]
        self.data = labelled_audio(options)
        if self.data.store.sample_rate != SAMPLE_RATE:  # the tagger resamples to this rate
            raise StoreError(
                f"{options['store']}: holds audio at {self.data.store.sample_rate} Hz; CLMR hears {SAMPLE_RATE}. "
                "Prepare a store with --sample-rate 22050."
            )
        self.encoder = self.encoder_sha256 = None
        if options["stage"] in ("head", "finetune"):
            self.encoder = load_encoder_checkpoint(options["encoder"])
            self.encoder_sha256 = file_digest(options["encoder"])
        self.inputs = self.data.digests | {"stage": options["stage"], "encoder": self.encoder_sha256 or ""}

    def run(self) -> dict[str, Any] | None:
        """Train, write the results, and return them; None in all processes but the main one."""
        if _is_main_process():
            self.command.stderr.write(self.data.describe_untagged())
        self._refuse_another_stage()
        record: dict[str, Any] | None = getattr(self, f"_{self.options['stage']}")()
        return record

    def _refuse_another_stage(self) -> None:
        """A head beside an encoder that it was not trained on would tag nonsense."""
        from generation.tagging.base import TaggingError

        path = self.out / "results.json"
        stage = json.loads(path.read_text()).get("stage") if path.is_file() else None
        if stage not in (None, self.options["stage"]):
            raise TaggingError(f"{self.out}: holds the results of `{stage}`; name another folder.")

    def _show_progress(self, progress: Any) -> None:
        valid = "" if progress.valid_loss is None else f", validation {progress.valid_loss:.4f}"
        self.command.stderr.write(
            f"epoch {progress.epoch}, step {progress.step}: loss {progress.loss:.4f}{valid}, "
            f"{progress.clips_per_second:.1f} clips/s"
        )

    def _write(self, result: Any, settings: BaseModel, **facts: Any) -> dict[str, Any]:
        from generation.tagging.clmr.training import write_results

        data = self.data.record() | {"encoder_sha256": self.encoder_sha256}
        record: dict[str, Any] = result.record(settings, stage=self.options["stage"], trained_on=data, **facts)
        write_results(self.out / "results.json", record)
        return record

    def _save_head(self, head: Any, encoder: Any, settings: BaseModel) -> None:
        from generation.tagging.clmr import save_head

        data = self.data.record() | {"encoder_sha256": self.encoder_sha256, "encoder_weights": encoder.digest()}
        head.trained_on = {name: value for name, value in data.items() if isinstance(value, str)}
        save_head(head, self.out / "head.pt", settings=settings.model_dump())

    def _pretrain(self) -> dict[str, Any] | None:
        from generation.tagging.clmr import save_encoder
        from generation.tagging.clmr.pretrain import PretrainOptions, pretrain

        settings = PretrainOptions(
            sample_rate=self.data.store.sample_rate, **_given(self.options, *_SHARED, "temperature")
        )
        encoder, result = pretrain(
            self.data.split("train").clips,
            self.data.split("valid").clips,
            settings,
            self.out,
            inputs=self.inputs,
            on_progress=self._show_progress,
        )
        if not _is_main_process():
            return None
        save_encoder(encoder, self.out / "encoder.pt")
        return self._write(result, settings)

    def _head(self) -> dict[str, Any]:
        from generation.tagging.clmr.heads import HeadOptions, train_head
        from generation.tagging.evaluate import evaluate

        assert self.encoder is not None
        hidden = self.encoder.dimensions if self.options["mlp"] else None
        settings = HeadOptions(hidden=hidden, **_given(self.options, *_HEAD))
        splits = {name: self.data.split(name) for name in ("train", "valid", "test")}
        whole, runtime = self._representations()
        rows = {name: whole.of(split.clips.indices) for name, split in splits.items()}
        labels, tags = {name: split.labels for name, split in splits.items()}, self.data.tags
        head, result = train_head(rows["train"], labels["train"], rows["valid"], labels["valid"], tags, settings)
        valid = (rows["valid"].predict(head), labels["valid"])
        scores = evaluate(rows["test"].predict(head), tags, labels["test"], tags, valid=valid)
        self._save_head(head, self.encoder, settings)
        return self._write(result, settings, runtime=runtime, test=scores.record())

    def _representations(self) -> tuple[Any, str]:
        """The encoder's representations of the whole store, and what computed them; kept for every head on it."""
        from generation.tagging.clmr.heads import compute_representations
        from generation.tagging.clmr.runtime import build_encode
        from generation.tagging.files import replace_file
        from study.digests import canonical_digest

        assert self.encoder is not None
        of = {"encoder": self.encoder.digest(), "store": self.data.digests["store"]}
        root = self.options["representations"] or self.options["store"] / "representations"
        folder = root / canonical_digest(of)[:16]
        encode, runtime = build_encode(self.encoder)
        about = folder / "about.json"
        if about.is_file():  # also what computed them: another runtime would give other last digits
            runtime = json.loads(about.read_text())["runtime"]
        else:
            replace_file(about, lambda part: part.write_text(json.dumps(of | {"runtime": runtime})))
        line = ProgressLine(self.command.stderr, "represented")
        whole = compute_representations(encode, self.data.store, self.encoder.segment, folder, on_clip=line)
        line.close()
        return whole, runtime

    def _finetune(self) -> dict[str, Any] | None:
        return self._on_tags()

    def _supervised(self) -> dict[str, Any] | None:
        return self._on_tags()

    def _on_tags(self) -> dict[str, Any] | None:
        from generation.tagging.clmr import save_encoder
        from generation.tagging.clmr.supervised import SupervisedOptions, train_on_tags
        from generation.tagging.clmr.tagger import ClmrTagger
        from generation.tagging.evaluate import evaluate, predict_source

        settings = SupervisedOptions(**_given(self.options, *_SHARED))
        train, valid, test = (self.data.split(split) for split in ("train", "valid", "test"))
        trained, head, result = train_on_tags(
            train.clips,
            train.labels,
            valid.clips,
            valid.labels,
            settings,
            self.out,
            encoder=self.encoder,
            inputs=self.inputs,
            on_progress=self._show_progress,
        )
        if not _is_main_process():
            return None
        tags, rate = self.data.tags, self.data.store.sample_rate
        tagger = ClmrTagger(trained, head, tags, {"name": "clmr"})
        tuned = (predict_source(tagger, valid.clips, rate), valid.labels)
        heard = predict_source(tagger, test.clips, rate, ProgressLine(self.command.stderr, "test: tagged"))
        scores = evaluate(heard, tags, test.labels, tags, valid=tuned)
        head.tags = tags
        head.thresholds = tuple(float(value) for value in scores.thresholds)  # type: ignore[union-attr]
        save_encoder(trained, self.out / "encoder.pt")
        self._save_head(head, trained, settings)
        return self._write(result, settings, test=scores.record())


def _is_main_process() -> bool:
    """Return whether this is the only process, or the one of `torchrun` or `accelerate launch` that writes."""
    return int(os.environ.get("RANK", "0")) == 0


def _defaults(option: str) -> str:
    """Return the defaults of an option for `--help`, from the settings of the stages."""
    from generation.tagging.clmr.heads import HeadOptions
    from generation.tagging.clmr.pretrain import PretrainOptions

    name = option.replace("-", "_")
    found = {"": PretrainOptions.model_fields.get(name), "head: ": HeadOptions.model_fields.get(name)}
    values = {stage: field.default for stage, field in found.items() if field is not None}
    if len(set(values.values())) == 1:
        return f"default {next(iter(values.values()))}"
    return "default " + "; ".join(f"{stage}{value}" for stage, value in values.items())


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
