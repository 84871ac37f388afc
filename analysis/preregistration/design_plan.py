"""The design in the words of a paper: blinding, what a trial shows, randomization, the variables."""

from analysis.preregistration.answers import Answer, counted, paragraphs, sentences
from analysis.preregistration.hypotheses import measure_of
from analysis.preregistration.planned import Planned
from study.instruments.questions import Rate
from study.instruments.words import in_words
from study.participants.answers_table import questions_of
from study.participants.questions import localized
from study.setup.making_facts import making_facts

BLIND_SUBJECTS = (
    "For studies that involve human subjects, they will not know the treatment group to which they have been assigned."
)
EXPERIMENT = (
    "Experiment - A researcher randomly assigns treatments to study subjects, this includes field or lab experiments. "
    "This is also known as an intervention experiment and includes randomized controlled trials."
)


def study_type(planned: Planned) -> Answer:
    return Answer(chosen=(EXPERIMENT,))


def blinding(planned: Planned) -> Answer:
    return Answer(chosen=(BLIND_SUBJECTS,))


def additional_blinding(planned: Planned) -> Answer:
    """What keeps the researchers, too, from results by condition until the study has ended."""
    return Answer(
        "Participants see no name, number, file name or other property of an image that tells its condition, and "
        "Earsight tries before opening to guess the conditions from everything but the pixels; a study with such a "
        "leak does not open. From opening until the study is closed and its grace period of "
        f"{counted(planned.study.grace_minutes, 'minute')} is over, results by condition are sealed from the "
        "researchers too: pages, exports and scripts show images under opaque labels. (An operator with the database "
        "in hand could break the seal.) The analysis knows the conditions, and is computed by the software as the "
        "plan fixes it."
    )


def study_design(planned: Planned) -> Answer:
    """Factors, what varies within people, what a trial shows, and the checks beside the trials."""
    k = len(planned.names)
    shown = planned.instrument.images_shown(k)
    if shown < k:
        trial = (
            f"In each trial a participant hears a clip and sees two of its {k} images, one for each condition; "
            f"{counted(planned.asked.trials_per_clip, 'pair')} of each clip in as many trials"
        )
    else:
        trial = (
            f"In each trial a participant hears a clip and sees its {k} images at the same time, one of each condition"
        )
    which = "all" if planned.clips_each == planned.clips else f"{planned.clips_each:,} of the"
    return Answer(
        paragraphs(
            [
                sentences(
                    f"{_layout(planned)}, varied within participants and within clips.",
                    f"{trial}. Each participant hears {which} {counted(planned.clips, 'clip')}.",
                    "There is no time limit; answers can be revised until the end.",
                ),
                _checks(planned),
            ]
        )
    )


def _layout(planned: Planned) -> str:
    levels = _levels(planned)
    k = len(planned.names)
    product = 1
    for values in levels.values():
        product *= len(values)
    if len(levels) > 1 and product == k:
        size = " × ".join(str(len(values)) for values in levels.values())
        return f"A {size} factorial design ({', '.join(levels)}), repeated measures"
    return f"A repeated-measures design with {k} conditions"


def _levels(planned: Planned) -> dict[str, list[str]]:
    """The levels of each factor that all conditions have and that varies; none while pages must not name them."""
    if planned.study.is_blinded:
        return {}
    rows = [row.levels for row in planned.study.conditions.order_by("number")]
    found: dict[str, list[str]] = {}
    for name in rows[0] if rows else {}:
        values = list(dict.fromkeys(str(row[name]) for row in rows if name in row))
        if len(values) > 1 and all(name in row for row in rows):
            found[name] = values
    return found


def _checks(planned: Planned) -> str:
    """What people get beside the trials that are analysed."""
    study = planned.study
    rows = (
        (study.practice_trial, "a practice trial first, which is not analysed"),
        (study.sound_check, "a sound check"),
        (
            study.headphone_check,
            "a headphone screening (Woods et al. 2017: six sounds of three tones, five right pass)",
        ),
        (
            study.attention_trials,
            f"{counted(study.attention_trials, 'attention trial')} that ask in words for a certain answer",
        ),
        (
            study.match_controls,
            f"{counted(study.match_controls, 'match-control trial')} with images of the clip and of another clip",
        ),
        (
            study.repeats,
            f"{counted(study.repeats, 'hidden repeat')} at the end, of the earliest trials in a new order of images",
        ),
    )
    found = [text for there, text in rows if there]
    return f"Beside these trials each participant gets: {'; '.join(found)}." if found else ""


def randomization(planned: Planned) -> Answer:
    """How orders and clips are drawn, and at which level."""
    study, k = planned.study, len(planned.names)
    if planned.instrument.images_shown(k) < k:
        images = (
            "Each participant gets those pairs of a clip that were given least often, so that the counts of two pairs "
            "of a clip differ by at most one once every place is filled; each time that a pair of a clip comes again, "
            "its sides are exchanged."
        )
    elif k <= 4:  # `study.design.squares.ALL_ORDERS_UP_TO`
        images = (
            f"For each clip the orders of the {k} images on the page come in randomly drawn blocks that hold every "
            "possible order once; consecutive participants form Latin squares."
        )
    else:
        images = (
            f"For each clip the orders of the {k} images on the page come in blocks that are randomly relabelled "
            "Williams squares: each image stands once in each place, and next to each other image equally often."
        )
    if planned.clips_each < planned.clips:
        clips = (
            "Which clips a participant hears is balanced too: the clips heard least often are drawn first, among "
            "equals those least often heard together, and in each block each clip comes once at each place."
            if study.orders_version > 1
            else "Which clips a participant hears is balanced: those heard least often are drawn first; their order "
            "is drawn at random."
        )
    else:
        clips = "The order of the clips is drawn for each participant in balanced blocks."
    return Answer(
        sentences(
            "Block randomization within participants, at the level of the trial; nobody is assigned to a condition, "
            "as everybody answers on all of them.",
            images,
            clips,
            f"Everything is drawn by the software from the recorded seed {study.seed} and the participant's place in "
            "the order of arrival; the place of somebody who leaves is given again.",
        )
    )


def manipulated(planned: Planned) -> Answer:
    """The conditions with the levels of their factors, and how images were made."""
    if planned.study.is_blinded:
        rows = "; ".join(planned.names.values())
        named = f"{len(planned.names)} ways of making the image of a clip: {rows}. They are named when the results are "
        return Answer(named + "open.")
    levels = {row.key: row.levels for row in planned.study.conditions.order_by("number")}
    rows = "; ".join(
        f"“{name}”" + (f" ({', '.join(f'{factor}: {level}' for factor, level in found.items())})" if found else "")
        for key, name in planned.names.items()
        for found in [levels[key]]
    )
    made = " ".join(making_facts(planned.study))
    return Answer(
        paragraphs([f"The way in which the image of a clip is made, with {len(levels)} levels: {rows}.", made])
    )


def measured(planned: Planned) -> Answer:
    """What a trial asks, word by word, and what is asked of people."""
    lines = [
        f"{number}. {text}." for number, text in enumerate(in_words(planned.instrument, planned.question), start=1)
    ]
    optional = planned.has_optional_second and "A choice after the first may be left out."
    none = planned.study.allow_none_fits and "Participants may say that none of the images fits."
    beside = (
        (planned.study.ask_reason, "a reason in one line"),
        (planned.study.ask_familiarity, "whether they know the piece"),
    )
    more = [text for asked, text in beside if asked]
    main = planned.instrument.primary_key
    return Answer(
        paragraphs(
            [
                "In each trial participants are asked:",
                *lines,
                sentences(optional or "", none or "", f"They are also asked for {' and '.join(more)}." if more else ""),
                f"The main outcome: {measure_of(planned, main)}." if main else "",
                _of_people(planned),
            ]
        )
    )


def _of_people(planned: Planned) -> str:
    parts = []
    for part in ("before", "after"):
        texts = [localized(question.text) for question in questions_of(planned.study, part)]
        if texts:
            parts.append(f"{part} the trials: " + "; ".join(f"“{text}”" for text in texts))
    return f"Asked of each participant {'; '.join(parts)}." if parts else ""


def indices(planned: Planned) -> Answer:
    """How answers become numbers."""
    instrument, parts = planned.instrument, []
    if weights := planned.weights:
        listed = ", ".join(f"{each:g}" for each in weights)
        parts.append(
            f"Points by rank of the choice: {listed}; an image that is not chosen gets none."
            if len(weights) > 1
            else f"The image chosen gets {listed} points, the others none."
        )
    if instrument.pair is not None:
        parts.append("The winner of a pair gets 1 point, the other none; a tie gives ½ to each.")
    if any(isinstance(question, Rate) for question in instrument.questions):
        parts.append("Ratings are taken as numbers, so that equal steps count as equally far apart.")
    main, scales = instrument.primary_key, {scale.key for _rate, scale in instrument.scales()}
    if planned.data["factors"] and main:
        of = "mean rating" if main in scales else "sum of the points"
        parts.append(f"The primary contrast is, of each answer, the {of} of the images on one side minus the other's.")
        parts.append("Sides with unequal numbers of conditions are brought to the same number.")
    return Answer(" ".join([*parts, "No other index is formed."]))
