"""Two deposits with their files on disk: a study of choices among four conditions, and a simulated one of ratings.

`hostile` is the first with texts that break formats which are put together by hand.
"""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from PIL import Image

from config.deposits import paths
from config.deposits.description import Column, Condition, Creator, Deposit, File, Kind, Related, Role

CONDITIONS = (
    Condition(key="redefined_tags", label="Redefined tags", levels={"tag_set": "redefined", "prompt_form": "tags"}),
    Condition(
        key="redefined_sentence",
        label="Redefined tags as a sentence",
        levels={"tag_set": "redefined", "prompt_form": "sentence"},
    ),
    Condition(key="original_tags", label="Original tags", levels={"tag_set": "original", "prompt_form": "tags"}),
    Condition(
        key="original_sentence",
        label="Original tags as a sentence",
        levels={"tag_set": "original", "prompt_form": "sentence"},
    ),
)
KEYS = {condition.key: condition.label for condition in CONDITIONS}
CLIPS = ("slow strings.mp3", "club, loud.mp3", "장구.mp3")
PEOPLE = ("r1", "r2", "r3", "r4")

PARTICIPANT = Column(
    name="participant",
    meaning="Code of the person.",
    may_be_empty=False,
    refers_to=(paths.PARTICIPANTS, "participant"),
)
CLIP = Column(name="clip", meaning="File name of the clip.", may_be_empty=False, refers_to=(paths.CLIPS, "clip"))
SECONDS = Column(
    name="seconds",
    meaning="Seconds from the showing of the page to the answer; empty if not known.",
    kind=Kind.INTEGER,
    unit="s",
    minimum=0,
)


def choices(folder: Path) -> Deposit:
    """A study of four conditions in which people made a 1st and a 2nd choice."""
    ballots = [
        (person, clip, keys[0], keys[1] if (i + j) % 3 else "", 0, 12 + i + j if j else "", 1.5 * j)
        for i, person in enumerate(PEOPLE)
        for j, clip in enumerate(CLIPS)
        for keys in [list(KEYS)[(i + j) % 3 :]]
    ]
    stimuli = [
        (clip, key, f"{paths.IMAGES}/{number:02}_{key}.png", f"strings, “slow” & calm; {key}", 2**40 + number)
        for number, clip in enumerate(CLIPS)
        for key in KEYS
    ]
    images = tuple(_image(folder, row[2], number) for number, row in enumerate(stimuli))
    sound = _file(
        folder,
        f"{paths.SOUNDS}/slow strings.mp3",
        b"ID3\x04fake",
        role=Role.SOUND,
        media_type="audio/mpeg",
        title="Sound of a clip",
        description="The clip as people heard it.",
        licence="CC-BY-NC-SA-3.0",
    )
    files = (
        _table(
            folder,
            paths.BALLOTS,
            "Ballots",
            "One row for each ballot: who chose which images of which clip.",
            (
                PARTICIPANT,
                CLIP,
                Column(
                    name="first",
                    meaning="Condition of the 1st choice.",
                    values=KEYS,
                    may_be_empty=False,
                ),
                Column(name="second", meaning="Condition of the 2nd choice; empty if none was made.", values=KEYS),
                Column(name="repeat", meaning="1 if it is a hidden repeat.", kind=Kind.YES_NO, may_be_empty=False),
                SECONDS,
                Column(name="listened", meaning="Seconds heard.", kind=Kind.NUMBER, unit="s", minimum=0),
            ),
            ("participant", "clip", "repeat"),
            ballots,
        ),
        _participants(folder),
        _table(
            folder,
            paths.STIMULI,
            "Stimuli",
            "One row for each image with its prompt.",
            (
                CLIP,
                Column(name="condition", meaning="Key of the condition.", values=KEYS, may_be_empty=False),
                Column(name="image", meaning="Path of the image in the deposit.", may_be_empty=False),
                Column(name="prompt", meaning="Text that the image was painted from.", may_be_empty=False),
                Column(name="seed", meaning="Seed of the painter.", kind=Kind.INTEGER, minimum=0, may_be_empty=False),
            ),
            ("clip", "condition"),
            stimuli,
        ),
        _clips(folder),
        *_papers(folder),
        *images,
        sound,
    )
    return Deposit(
        slug="tags-and-sentences",
        title="Do redefined tags make better images of music?",
        description="People chose among four images of a clip.\n\nThe conditions cross two tag sets and two forms.",
        creators=(
            Creator(family="Kim", given="Ji-woo", orcid="0000-0002-1825-0097", affiliation="Hanbat University"),
            Creator(family="Sound and Image Group"),
        ),
        keywords=("music", "image generation", "human evaluation"),
        licence="CC-BY-4.0",
        licence_address="https://creativecommons.org/licenses/by/4.0/",
        version="1.0.0",
        published=date(2026, 5, 4),
        collected=(date(2026, 3, 1), date(2026, 3, 20)),
        languages=("en", "ko"),
        conditions=CONDITIONS,
        question="Which image fits the music best?",
        instrument=("Choose the image that fits best, and the second best.",),
        n_participants=len(PEOPLE),
        n_clips=len(CLIPS),
        n_answers=len(ballots),
        files=files,
        address="https://doi.org/10.5281/zenodo.1234567",
        publisher="Zenodo",
        funding=("National Research Foundation, grant 12-345",),
        related=(
            Related(relation="IsSupplementTo", identifier="10.1145/3544548.3581120", title="The paper"),
            Related(relation="IsDocumentedBy", identifier="https://osf.io/abcde", title="Preregistration"),
        ),
        population="Adults who listen to music every day.",
        recruitment="Flyers at two universities.",
        compensation="A voucher of 5,000 won.",
        ethics="Approved by the board of Hanbat University, no. 26-11.",
        consent="Everybody agreed to the publication of anonymous answers.",
        demographics="Four people aged 21 to 34.",
        exclusions="Nobody was excluded.",
        limits=("Three clips say little about other music.",),
        personal=("Words of participants were left out.", "Times of answers are rounded to hours."),
        plan_digest="ab" * 32,
        log_head="cd" * 32,
        software={"Earsight": "0.1.0", "Python": "3.11.7"},
        contact="ji-woo.kim@example.org",
    )


def ratings(folder: Path) -> Deposit:
    """A simulated study whose answers are ratings, in the long table; it says as little as a deposit may."""
    answers = [
        (person, clip, question, key, "" if (i + j) % 4 == 0 else 1 + (i + j) % 7)
        for i, person in enumerate(PEOPLE)
        for j, clip in enumerate(CLIPS)
        for question in ("match", "valence")
        for key in KEYS
    ]
    files = (
        _table(
            folder,
            paths.ANSWERS,
            "Answers",
            "One row for each rating of an image.",
            (
                PARTICIPANT,
                CLIP,
                Column(
                    name="question",
                    meaning="Key of the scale.",
                    values={"match": "Fits the music", "valence": "Sad to happy"},
                    may_be_empty=False,
                ),
                Column(name="condition", meaning="Condition of the image.", values=KEYS, may_be_empty=False),
                Column(
                    name="value",
                    meaning="The rating; empty for “cannot say”.",
                    kind=Kind.NUMBER,
                    unit="points",
                    minimum=1,
                    maximum=7,
                ),
            ),
            ("participant", "clip", "question", "condition"),
            answers,
        ),
        _participants(folder),
        _clips(folder),
        *_papers(folder),
    )
    return Deposit(
        slug="ratings",
        title="Ratings of images",
        description="Images were rated on two scales.",
        creators=(Creator(family="Kim", given="Ji-woo"),),
        keywords=("music",),
        licence="Free for research; ask us first",
        licence_address="",
        version="1.0.0",
        published=date(2026, 5, 4),
        collected=None,
        languages=("ko",),
        conditions=CONDITIONS,
        question="How well does it fit?",
        instrument=("Rate how well the image fits.", "Rate how happy it is."),
        n_participants=len(PEOPLE),
        n_clips=len(CLIPS),
        n_answers=len(PEOPLE) * len(CLIPS),
        files=files,
        simulated=True,
        software={"Earsight": "0.1.0"},
    )


HOSTILE = (
    "\"quoted\" 'single' \\ back",
    "first line\nsecond: line\r\n---\n...\n# no comment",
    "<script>alert('x')</script> </script>]]> & {{ x }} {% y %}",
    "장구와 가야금 🎵🥁 e\u0301 \u202e left",
    "- yes: no, null, ~, *a, &b, !tag, %x, @y, `z`, |, >, [1, {2}]",
    "long " + "wörd " * 4000,
    "null",
    "2026-05-04",
    "1e3",
    "| a | b |\n|---|---|\n```\ncode",
    "@article{x, title = {}} $%&#_{}~^\\",
)


def hostile(deposit: Deposit, text: str) -> Deposit:
    """The same deposit with this text wherever researchers write one."""
    first, *others = deposit.files
    columns = tuple(
        replace(column, meaning=text, values={**column.values, text: text} if column.values else {})
        for column in first.columns
    )
    return replace(
        deposit,
        title=text,
        description=text,
        creators=(Creator(family=text, given=text, affiliation=text), Creator(family=text + "!")),
        keywords=(text, "music"),
        licence=text,
        conditions=tuple(
            replace(one, label=text, levels=dict.fromkeys(one.levels, text)) for one in deposit.conditions
        ),
        question=text,
        instrument=(text,),
        related=(Related(relation="IsSupplementTo", identifier="https://example.org/a", title=text),),
        funding=(text,),
        population=text,
        recruitment=text,
        compensation=text,
        ethics=text,
        consent=text,
        demographics=text,
        exclusions=text,
        limits=(text,),
        personal=(text,),
        contact=text,
        files=(replace(first, title=text, description=text, licence=text, columns=columns), *others),
    )


def _participants(folder: Path) -> File:
    return _table(
        folder,
        paths.PARTICIPANTS,
        "Participants",
        "One row for each person.",
        (
            replace(PARTICIPANT, refers_to=None),
            Column(
                name="device", meaning="What the person used.", values={"phone": "a phone", "desktop": "a computer"}
            ),
            Column(name="age", meaning="Age in years.", kind=Kind.INTEGER, unit="years", minimum=18, maximum=120),
        ),
        ("participant",),
        [(person, "phone" if i % 2 else "desktop", 21 + i if i else "") for i, person in enumerate(PEOPLE)],
    )


def _clips(folder: Path) -> File:
    return _table(
        folder,
        paths.CLIPS,
        "Clips",
        "One row for each clip.",
        (
            replace(CLIP, refers_to=None),
            Column(name="seconds", meaning="Length of the clip.", kind=Kind.NUMBER, unit="s", minimum=0),
            Column(name="tags", meaning="Tags as JSON.", kind=Kind.JSON, may_be_empty=False),
        ),
        ("clip",),
        [(clip, 29.1, json.dumps(["slow", 'say "ah"'])) for clip in CLIPS],
    )


def _papers(folder: Path) -> tuple[File, ...]:
    """Codebook, analysis and licence."""
    return (
        _file(
            folder,
            paths.CODEBOOK,
            b"table,column,meaning\r\nballots,clip,File name of the clip\r\n",
            role=Role.CODEBOOK,
            media_type="text/csv",
            title="Codebook",
            description="What each column means.",
        ),
        _file(
            folder,
            paths.ANALYSIS,
            b'{"n_participants": 4}\n',
            role=Role.ANALYSIS,
            media_type="application/json",
            title="Analysis",
            description="The results as Earsight computed them.",
        ),
        _file(
            folder,
            paths.LICENCE,
            b"See the licence.\n",
            role=Role.LICENCE,
            media_type="text/plain",
            title="Licence",
            description="Under which licence the data are.",
        ),
    )


def _table(
    folder: Path,
    path: str,
    title: str,
    description: str,
    columns: tuple[Column, ...],
    key: tuple[str, ...],
    rows: Sequence[Sequence[object]],
) -> File:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[column.name for column in columns], *rows])
    return _file(
        folder,
        path,
        text.getvalue().encode(),
        role=Role.DATA,
        media_type="text/csv",
        title=title,
        description=description,
        columns=columns,
        key=key,
    )


def _image(folder: Path, path: str, number: int) -> File:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 20 % 256, 80, 120)).save(content, "PNG")
    return _file(
        folder,
        path,
        content.getvalue(),
        role=Role.IMAGE,
        media_type="image/png",
        title="Image of a clip",
        description="One image that people saw.",
    )


def _file(
    folder: Path,
    path: str,
    content: bytes,
    *,
    role: Role,
    media_type: str,
    title: str,
    description: str,
    licence: str = "",
    columns: tuple[Column, ...] = (),
    key: tuple[str, ...] = (),
) -> File:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    return File(
        path=path,
        role=role,
        media_type=media_type,
        title=title,
        description=description,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        licence=licence,
        columns=columns,
        key=key,
    )
