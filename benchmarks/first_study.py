"""The first study's comparison, small and whole: from a data set to its Table 1.

    python benchmarks/first_study.py --annotations annotations_final.csv [--out FOLDER] [--clips 240] [--people 30]

Real rows of MagnaTagATune's annotation file, sounds that are synthesised from their tags, the rules, two taggers (one
trained on the original labels, one on the redefined ones), a study that compares what the two hear in clips of the test
split, a tiny diffusion model with random weights, a local server that speaks the OpenAI protocol, and simulated people.
It shows that the whole way works; what the simulated people prefer says nothing about images. Run again, it goes on.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# SampleCNN with an eighth of the published channels: it trains on a processor in minutes.
WIDTHS = (16, 16, 16, 32, 32, 32, 32, 32, 32, 64, 64)
SLUG = "first-study"
ITEMS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = os.environ.get("EARSIGHT_SHARED_DATA")
    parser.add_argument(
        "--annotations",
        type=Path,
        default=Path(shared) / "mtat" / "annotations_final.csv.xz" if shared else None,
        help="MagnaTagATune's annotation file (default: that in EARSIGHT_SHARED_DATA)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "first-study", help="default var/first-study")
    parser.add_argument("--clips", type=int, default=240, help="clips of the data set (default 240)")
    parser.add_argument("--epochs", type=int, default=14, help="most epochs of each training (default 14)")
    parser.add_argument("--people", type=int, default=30, help="simulated participants (default 30)")
    options = parser.parse_args()
    if options.annotations is None or not options.annotations.is_file():
        parser.error("give MagnaTagATune's annotations_final.csv with --annotations; its rows are not part of Earsight")
    out = options.out.resolve()
    quiet = {"EARSIGHT_LOG_LEVEL": "WARNING", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
    os.environ |= {"EARSIGHT_DATA": str(out / "data"), "DJANGO_SETTINGS_MODULE": "config.settings", **quiet}
    import django

    django.setup()
    began = time.monotonic()
    heads = train_two_taggers(out, options.annotations, options.clips, options.epochs)
    study = make_study(out, heads)
    generate(study, out)
    analysis = rehearse(study, out, options.people)
    print_table(analysis)
    print(f"{time.monotonic() - began:.0f} s; all files are in {out}")


def step(text: str) -> None:
    print(f"\n== {text}", flush=True)


def train_two_taggers(out: Path, annotations: Path, clips: int, epochs: int) -> dict[str, Path]:
    """Return the folder of each tag set's encoder and head."""
    import torch
    from django.core.management import call_command
    from first_study_sounds import real_rows, write_data_set

    from generation.tagging.clmr import SampleCNN, save_encoder

    folder = out / "data-set"
    step(f"A data set of {clips} clips: real rows, sounds made from their tags")
    table = write_data_set(folder, *real_rows(annotations, clips))
    call_command("prepare_magnatagatune", folder, workers=1)
    step("Redefine its tags")
    redefined, report = out / "redefined.csv", out / "redefinition.json"
    call_command("redefine_tags", table, rules="seed", out=redefined, report=report)
    facts = json.loads(report.read_text())
    print(f"{facts['tags_before']} tags before, {facts['tags_after']} after")
    if not (out / "start.pt").is_file():
        torch.manual_seed(0)
        save_encoder(SampleCNN(widths=WIDTHS), out / "start.pt")
    runs = {"original": table, "redefined": redefined}
    for name, labels in runs.items():
        step(f"Train a tagger on the {name} labels")
        call_command(
            "train_clmr",
            "finetune",
            store=folder / "store",
            annotations=labels,
            encoder=out / "start.pt",
            out=out / name,
            epochs=epochs,
            batch=16,
            learning_rate=2e-3,
            top=30,
        )
    return {name: out / name for name in runs}


def make_study(out: Path, heads: dict[str, Path]):  # type: ignore[no-untyped-def]
    """Return the study of clips from the test split, with a tagger for each tag set."""
    from django.contrib.auth import get_user_model
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command

    from generation.settings_model import GenerationSettings, store_settings
    from study.models import Study
    from study.setup.clip_import import import_clips
    from study.setup.lifecycle import create_study

    step("A study of clips from the test split, with both taggers")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    study = Study.objects.filter(slug=SLUG).first()
    if study is None:
        owner, _ = get_user_model().objects.get_or_create(username="first-study")
        study = create_study(title="What redefined labels change", owner=owner, slug=SLUG)
        files = sorted(path for folder in "def" for path in (out / "data-set" / folder).glob("*.mp3"))
        for number, path in enumerate(files[:: max(1, len(files) // ITEMS)][:ITEMS], start=1):
            upload = SimpleUploadedFile(f"music-{number}.mp3", path.read_bytes())
            [result] = import_clips(study, [upload], actor=owner)
            if result.problem:
                raise SystemExit(result.problem)
    taggers = {
        name: {"kind": "clmr", "encoder": str(folder / "encoder.pt"), "head": str(folder / "head.pt")}
        for name, folder in heads.items()
    }
    settings = {
        "tag_source": "predicted",
        "tagger": taggers["original"],
        "redefined_tagger": taggers["redefined"],
        "rules": "seed",
        "rules_for": "neither",
        "prompt_words": "both",
        "tag_limit": 6,
        "painter": {"kind": "diffusers", "model": str(tiny_model(out, heads)), "size": 64, "steps": 4, "device": "cpu"},
    }
    (out / "settings.json").write_text(json.dumps(settings, indent=2) + "\n")
    store_settings(study, GenerationSettings.model_validate(settings))
    return study


def tiny_model(out: Path, heads: dict[str, Path]) -> Path:
    """Return the folder of a Stable Diffusion with a few thousand random weights that knows the tags' words."""
    from diffusers import StableDiffusionPipeline

    from generation.tagging.clmr import load_head
    from tests.generation.painting.conftest import tiny_parts, tiny_text_encoder, tiny_tokenizer

    folder = out / "tiny-diffusion"
    if not (folder / "model_index.json").is_file():
        tags = [tag for head in heads.values() for tag in load_head(head / "head.pt").tags or ()]
        words = sorted({word for text in [*tags, SENTENCE] for word in re.findall("[a-z]+", text.lower())})
        tokenizer = tiny_tokenizer(tuple(word for word in words if len(word) > 1))
        parts = tiny_parts() | {"tokenizer": tokenizer, "text_encoder": tiny_text_encoder(tokenizer)}
        StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, image_encoder=None, requires_safety_checker=False
        ).save_pretrained(folder)
    return folder


SENTENCE = "A piece of music with {tags}."


def generate(study, out: Path) -> None:  # type: ignore[no-untyped-def]
    """Make the images, the sentences by a local server; raise SystemExit with the reason if one is missing."""
    from generation.models import ClipStep
    from generation.runs import execution, lifecycle
    from generation.settings_model import settings_of, store_settings
    from generation.writing import OpenAIOptions
    from tests.generation.writing.conftest import Server, sentence, served

    step("Sentences by a local server, images by a tiny diffusion model")

    def answer(server: Server) -> tuple[int, dict, dict]:
        asked = server.requests[-1]["messages"]
        tags = json.loads(next(m["content"] for m in reversed(asked) if m["content"].startswith("[")))
        return sentence(SENTENCE.format(tags=", ".join(tags[:-1]) + " and " + tags[-1] if len(tags) > 1 else tags[0]))

    with served() as server:
        server.next_entry = lambda: answer(server)  # type: ignore[method-assign]
        writer = OpenAIOptions(kind="openai", model="a-local-model", base_url=server.base_url)
        store_settings(study, settings_of(study).model_copy(update={"writer": writer}))
        lifecycle.start_run(study, wake=False, in_process=True)
        run = execution.run_pending(study)
        calls = len(server.requests)
    failed = [step.error for step in ClipStep.objects.filter(run=run, state=ClipStep.State.FAILED)]
    if run.state != "done" or failed:
        raise SystemExit("\n".join([run.message, *failed]))
    print(f"{calls} sentences were asked for; {run.totals['images']} images")
    for clip in study.clips.order_by("number"):
        result = clip.steps.get(kind="redefine").result
        print(f"  {clip.name}: {', '.join(result['original'])}  →  {', '.join(result['redefined'])}")


def rehearse(study, out: Path, people: int) -> dict:  # type: ignore[no-untyped-def]
    """Let simulated people answer a copy of the study; return its analysis."""
    from django.core.management import call_command

    from analysis.study_results import analyses
    from study.models import Study

    step(f"{people} simulated people, to the report")
    call_command("simulate", study.slug, participants=people, rehearse=True, report=out / "report")
    copy = Study.objects.filter(simulated=True).latest("pk")
    analysis = analyses.latest(copy)
    assert analysis is not None, "the command ends with an error if there is none"
    return dict(analysis.result)


def print_table(analysis: dict) -> None:
    """Print the first study's Table 1: points by condition and clip."""
    step(f"Table 1: points ({' and '.join(f'{w:g}' for w in analysis['weights'])} for the first and second choice)")
    clips = list(analysis["by_clip"])
    width = max(len(clip) for clip in clips) + 2
    print(" " * 22 + "".join(clip.rjust(width) for clip in clips) + "total".rjust(8))
    for condition in analysis["conditions"]:
        points = [analysis["by_clip"][clip][condition] for clip in clips]
        total = analysis["scores"][condition]["points"]
        print(condition.ljust(22) + "".join(f"{p:g}".rjust(width) for p in points) + f"{total:g}".rjust(8))
        if abs(sum(points) - total) > 1e-6:
            raise SystemExit(f"{condition}: the clips' points do not add up to the total")
    print(f"{analysis['n_participants']} people, {analysis['n_clips']} clips, {analysis['n_ballots']} ballots")


if __name__ == "__main__":
    main()
