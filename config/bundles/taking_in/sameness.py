"""Write the tables of a study that was taken in once more, and compare them with those of its bundle."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.bundles.reading import ANSWERS, BALLOTS, CHAIN, COMMITMENTS, MATCH_CONTROL, SUMS, Bundle
from config.bundles.whole import ANALYSIS, CLIPS, FORMAT, PEOPLE, STUDY
from config.bundles.write import contents
from study.errors import NotAllowedNow
from study.models import Study

# What must come out byte for byte as it went in. chain.json and the log in study.json get an entry more; the report's
# files follow from the analysis, and are written by the software as it is now.
SAME = (
    *(
        BALLOTS,
        ANSWERS,
        MATCH_CONTROL,
        COMMITMENTS,
        CHAIN,
        "participants.csv",
        "trials.csv",
        "late_answers.csv",
        "stimuli.csv",
    ),
    *("provenance.json", "plan.json", "analysis.json", "versions.json", "paintings.csv", "clips_left_out.csv"),
    *(FORMAT, STUDY, CLIPS, PEOPLE, ANALYSIS),
)


def differences(study: Study, bundle: Bundle, *, sounds: bool) -> Iterator[str]:
    """Yield the names of the files that do not come out as they went in. Nothing may be added to the log before."""
    sums = {name: digest for digest, _gap, name in (line.partition("  ") for line in bundle.text(SUMS).splitlines())}
    seen = set()
    try:
        for name, digest in _written(study, sounds=sounds):
            seen.add(name)
            if sums.get(name) != digest:
                yield name
    except NotAllowedNow:  # the ballots are not those that were analysed
        yield BALLOTS
        return
    yield from (name for name in SAME if name in sums and name not in seen)


def _written(study: Study, *, sounds: bool) -> Iterator[tuple[str, str]]:
    """Yield the name and the SHA-256 (hex) of each file of `SAME` as the study would be exported now."""
    with tempfile.TemporaryDirectory(prefix="earsight-same-") as folder:
        files = contents(study, images=True, folder=Path(folder), analyse=False, sounds=sounds, report=False)
        for name, content in files:
            if name not in SAME:
                continue
            digest = hashlib.sha256()
            if isinstance(content, Path):
                digest.update(content.read_bytes())
            else:
                for piece in [content] if isinstance(content, bytes) else content:
                    digest.update(piece)
            yield name, digest.hexdigest()
