"""Redefine MagnaTagATune's whole annotation file (25,863 × 188), compared with a simple pandas script.

    python benchmarks/bench_redefinition.py [ANNOTATIONS]

The pandas script does less (only the merges of `seed`: no reasons, contested clips or report). Best of three.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402

from generation.redefinition import load_rules, redefine  # noqa: E402
from generation.redefinition.rules.schema import Merge  # noqa: E402
from generation.redefinition.table import redefine_table  # noqa: E402
from generation.redefinition.tag_files import read_tag_table, write_tag_table  # noqa: E402

DEFAULT = ROOT.parent / "shared" / "data" / "mtat" / "annotations_final.csv.xz"


def best_of_three(call: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def pandas_way(annotations: Path, out: Path) -> None:
    """Read, merge column by column, write, as a simple script would."""
    frame = pd.read_csv(annotations, sep="\t")
    for step in load_rules("seed").steps:
        if isinstance(step.rule, Merge):
            parent, children = step.rule.into[0], list(step.rule.from_)
            frame[parent] = frame[[parent, *children]].max(axis=1)
            frame = frame.drop(columns=children)
    frame.to_csv(out, sep="\t", index=False, quoting=csv.QUOTE_ALL, lineterminator="\r\n")


def main() -> None:
    annotations = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    if not annotations.is_file():
        sys.exit(f"{annotations}: no such file; give the path of annotations_final.csv")
    table = read_tag_table(annotations)
    clips = len(table.clips)
    rules = load_rules("curated")
    redefined = redefine_table(table, rules)
    tags = [table.tags_of(row) for row in range(0, clips, 10)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.csv"
        whole = best_of_three(lambda: write_tag_table(redefine_table(read_tag_table(annotations), rules).table, out))
        rows = [
            ("read", best_of_three(lambda: read_tag_table(annotations))),
            ("redefine, curated", best_of_three(lambda: redefine_table(table, rules))),
            ("redefine, seed", best_of_three(lambda: redefine_table(table, load_rules("seed")))),
            ("report", best_of_three(redefined.report)),
            ("write", best_of_three(lambda: write_tag_table(redefined.table, out))),
            ("all of it", whole),
            ("pandas: read, merge, write", best_of_three(lambda: pandas_way(annotations, out))),
        ]
    one = best_of_three(lambda: [redefine(clip, rules) for clip in tags]) / len(tags)
    print(f"{clips:,} clips × {len(table.tags)} tags")
    for name, seconds in rows:
        print(f"{name:28} {seconds:7.3f} s")
    print(f"{'one clip alone':28} {one * 1000:7.3f} ms")


if __name__ == "__main__":
    main()
