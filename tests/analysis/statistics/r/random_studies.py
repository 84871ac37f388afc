"""Ballots of random studies, from which R computes the numbers that the tests compare with.

Run in this folder:
    python random_studies.py > random_studies.csv
    Rscript random_studies.R random_studies.csv > random_studies.json
"""

import csv
import sys

import numpy as np

PRESET = ("redefined_tags", "redefined_sentence", "original_tags", "original_sentence")
# name, conditions, weights, people, clips, share of missing ballots, share of missing second choices
STUDIES = (
    ("complete", PRESET, (3, 1), 12, 5, 0.0, 0.0),
    ("holes", PRESET, (2, 1), 14, 5, 0.25, 0.3),
    ("three", ("a", "b", "c"), (5, 3), 9, 4, 0.1, 0.5),
    ("firsts", ("a", "b", "c", "d", "e"), (1, 0), 15, 3, 0.0, 1.0),
    ("two", ("x", "y"), (3, 1), 11, 4, 0.1, 0.2),
    ("six", ("p", "q", "r", "s", "t", "u"), (3, 1), 20, 3, 0.05, 0.1),
    ("many", ("a", "b", "c"), (2.5, 0.5), 70, 2, 0.0, 0.1),
)


def main() -> None:
    rng = np.random.default_rng(20_260_601)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("study", "w1", "w2", "keys", "participant", "clip", "first", "second", "position_first"))
    for name, keys, (w1, w2), people, clips, no_ballot, no_second in STUDIES:
        k = len(keys)
        mean = np.linspace(0.7, 0, k)
        tastes, luck = rng.normal(0, 0.6, (people, k)), rng.normal(0, 0.5, (clips, k))
        for i in range(people):
            for j in range(clips):
                if rng.random() < no_ballot:
                    continue
                best = np.argsort(-(mean + tastes[i] + luck[j] + rng.gumbel(size=k)))
                second = "" if rng.random() < no_second else keys[best[1]]
                place = int(rng.integers(1, k + 1))
                out.writerow((name, w1, w2, ";".join(keys), f"{i:02}", f"c{j}", keys[best[0]], second, place))


if __name__ == "__main__":
    main()
