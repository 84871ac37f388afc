"""The analysis plan in words: the tests as the plan fixes them, criteria, exclusions, missing data, exploration."""

from collections.abc import Iterator

from analysis.preregistration.answers import Answer, counted, paragraphs, sentences
from analysis.preregistration.hypotheses import measure_of
from analysis.preregistration.planned import FEWEST_CLIPS, Planned
from analysis.report.text.methods import planned_methods
from analysis.study_results.smallest_difference import main_scale, planned_smallest
from analysis.study_results.software import software_versions
from study.participants.answer_rules import AnswerRule
from study.participants.exclusion_rules import Rule, rules_of
from study.participants.flag_words import MEANINGS, rule_words
from study.participants.moderators import planned_moderators


def statistical_models(planned: Planned) -> Answer:
    """Every confirmatory test, in the words of the report's methods."""
    alpha = float(planned.study.alpha)
    return Answer(
        paragraphs(
            [
                _pairs(planned, alpha),
                *planned_methods(planned.data, planned.context, alpha),
                _missing_cells(planned),
                _simple_effects(planned),
                _optional_second(planned),
                _moderators(planned),
                _software(planned),
            ]
        )
    )


def _pairs(planned: Planned, alpha: float) -> str:
    """The test of each pair of conditions, in a study whose conditions have no factors of two levels."""
    if not planned.contrasts or planned.contrasts[0].kind != "pair" or planned.clips < FEWEST_CLIPS:
        return ""
    return (
        f"Each pair of conditions is compared by its {measure_of(planned, planned.contrasts[0].question)}, with people "
        "and clips as crossed random effects, so that it holds for new clips (Clark 1973; Judd, Westfall and Kenny "
        f"2012; Satterthwaite's degrees of freedom, two-sided, α = {alpha:g}); Holm's (1979) method adjusts p over the "
        "pairs. No pair is the primary one."
    )


def _missing_cells(planned: Planned) -> str:
    if planned.clips < FEWEST_CLIPS or planned.clips_each < planned.clips or not planned.data["factors"]:
        return ""
    return (
        "If answers of people or clips are missing, the variance components are those of Henderson's method III "
        "(Searle, Casella and McCulloch 1992); complete data give the same ones either way."
    )


def _simple_effects(planned: Planned) -> str:
    factors = list(planned.data["factors"])
    if len(factors) != 2 or planned.clips < FEWEST_CLIPS:
        return ""
    return (
        "Beside the contrasts the effect of the first factor is given within each level of the second, adjusted by "
        "Holm's (1979) method over the two; differences of pairs of conditions are adjusted by Holm over all pairs."
    )


def _optional_second(planned: Planned) -> str:
    if not planned.has_optional_second:
        return ""
    return (
        "Since a choice after the first may be left out, and is then missing for a reason, the primary test uses first "
        "choices alone; the contrast of all points, and bounds for the missing ones, are given beside it."
    )


def _moderators(planned: Planned) -> str:
    rows = planned_moderators(planned.study)
    if not rows:
        return ""
    labels = planned.answer_labels

    def name(row: dict[str, object]) -> str:
        column = str(row["column"])
        cuts = ", ".join(f"{cut:g}" for cut in row["cuts"])  # type: ignore[attr-defined]
        text = f"“{labels[column].question if column in labels else column}”"
        return f"{text} (new groups begin at {cuts})" if cuts else text

    return (
        "The primary contrast is compared between groups of at least five people, for these clips, by Welch's (1951) "
        f"analysis of variance of people's means; groups by {'; '.join(map(name, rows))}."
    )


def _software(planned: Planned) -> str:
    names = ", ".join(f"{name} {version}" for name, version in software_versions().items())
    return f"Computed with {names}; seed {planned.data['seed']}. The software applies the plan as it was fixed."


def transformations(planned: Planned) -> Answer:
    return Answer(
        "No answer is transformed or centred. A factor compares the conditions at its first level with the others; in "
        "a 2 × 2 design that is the coding ±½, and the interaction is the difference of the differences."
        if planned.data["factors"]
        else "No answer is transformed or centred; conditions are compared pair by pair."
    )


def inference_criteria(planned: Planned) -> Answer:
    """The level, the adjustments, and what is said of the smallest difference that matters."""
    study = planned.study
    several = len(planned.instrument.comparing()) > 1
    if planned.contrasts and planned.contrasts[0].kind == "pair":
        tests = "Every pair of conditions is tested, and Holm's (1979) method adjusts p over the pairs."
    elif planned.clips < FEWEST_CLIPS:
        tests = f"With fewer than {FEWEST_CLIPS} clips nothing is tested for new clips."
    else:
        tests = (
            "One primary test is decided by its p as it is; Holm's (1979) method adjusts p of the secondary contrasts."
        )
        if several and not planned.instrument.primary:
            tests = (
                "The plan names no main question: Holm's (1979) method adjusts p of the primary contrasts over all "
                "questions, and of the secondary contrasts within each."
            )
        elif several:
            tests += " The primary contrasts of the other questions are adjusted by Holm over these questions."
    return Answer(
        paragraphs(
            [
                sentences(
                    f"α = {float(study.alpha):g}, two-sided." if planned.contrasts else "",
                    tests if planned.contrasts else "Nothing is tested between conditions.",
                    "“For music like this” is said only of a test over people and clips; tests over people alone hold "
                    "for these clips, and are reported as that. A result that is not significant is “not shown”, never "
                    "“no difference”.",
                ),
                _smallest(planned),
            ]
        )
    )


def _smallest(planned: Planned) -> str:
    value = planned_smallest(planned.study)
    if value is None:
        return ""
    unit = "steps of the scale" if main_scale(planned.study) else "points an answer"
    return (
        f"The smallest difference that matters is {value:g} {unit} of the primary contrast: the report says whether "
        "the interval shows a difference of at least that size, excludes any such difference, or leaves it undecided."
    )


def exclusion(planned: Planned) -> Answer:
    """The rules of the plan in words, and what else leaves somebody out."""
    rules = rules_of(planned.study)
    if rules:
        listed = paragraphs(
            ["The analysis leaves out all answers of a participant to whom one of these rules applies:"]
        )
        texts = [listed, *(f"({number}) {text}" for number, text in enumerate(_in_words(planned, rules), start=1))]
    else:
        texts = ["No rule leaves out anybody's answers."]
    return Answer(
        paragraphs(
            [
                *texts,
                "No answer is left out as an outlier. A person can be left out by hand; the study's log keeps the "
                "reason and the time, which tells whether results could be seen then. The report counts who is left "
                "out, and gives the primary result with everybody beside it. Flags of suspicious answers leave out "
                "nobody by themselves.",
            ]
        )
    )


def _in_words(planned: Planned, rules: list[Rule]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, AnswerRule):
            label = planned.answer_labels.get(rule.column)
            yield rule_words(rule) + (f" (“{label.question}”)" if label else "") + "."
            continue
        meaning = str(MEANINGS.get(rule.kind, ""))
        if rule.kind == "too_fast":
            meaning += f" That time is {counted(planned.study.minimum_seconds, 'second')}."
        yield f"{rule_words(rule)}. {meaning}".strip()


def missing_data(planned: Planned) -> Answer:
    """What becomes of people and answers that are missing."""
    return Answer(
        sentences(
            "Answers are stored one by one; those of people who stop before the end are analysed as far as they go"
            + (", unless a rule above leaves them out." if rules_of(planned.study) else "."),
            "Nothing is imputed. The data of people who withdraw are erased and in no result.",
            "“None of them fits” counts as an answer in which no image gets points, and is reported."
            if planned.study.allow_none_fits
            else "",
            "“Cannot say” is in no mean, and is counted."
            if any(scale.cannot_say for _rate, scale in planned.instrument.scales())
            else "",
            "A hidden repeat is averaged with the answer that it repeats." if planned.study.repeats else "",
            "A choice that was left out gets no points." if planned.has_optional_second else "",
        )
    )


def exploratory(planned: Planned) -> Answer:
    """The researchers' explorations, and what the report shows beside the tests."""
    return Answer(
        paragraphs(
            [
                planned.registration.answers.get("exploratory", ""),
                f"The report also shows, without a hypothesis: {', '.join(_checks(planned))}. These are checks of the "
                "study, and reported as such.",
            ]
        )
    )


def _checks(planned: Planned) -> Iterator[str]:
    """What the report shows beside the tests, under the questions that are asked."""
    choose, pair = planned.instrument.choose, planned.instrument.pair
    is_short = choose is not None and choose.ranks <= 2
    is_main = is_short and choose is not None and planned.instrument.primary_key == choose.key
    rates = any(question.of != "music" for question, _scale in planned.instrument.scales())
    if choose or pair or rates:
        yield "positions on the page"
    if is_short:
        yield "fatigue"
    if is_short or rates:
        yield "agreement"
    if pair:
        yield "circular triads"
    if planned.study.repeats and (choose or pair or rates):
        yield "test–retest"
    yield "drop-out"
    if planned.instrument.primary_key:
        yield "the primary result without each clip" + (" and each person" if is_main else "")
    if len(planned.weights) == 2:
        yield "the order of conditions under other weights"


def other(planned: Planned) -> Answer:
    """The digest of the plan, its seal, and the researchers' own words."""
    study = planned.study
    fixed = (
        f"The plan was fixed when the study opened; its SHA-256 is {planned.digest}."
        if study.plan_digest
        else f"The plan is that of a draft. If it opens unchanged, the SHA-256 of its fixed plan is {planned.digest}; "
        "any change of the plan alters it."
    )
    return Answer(paragraphs([planned.registration.answers.get("other", ""), fixed, _said_later(planned)]))


def _said_later(planned: Planned) -> str:
    opened, saved = planned.study.opened_at, planned.registration.saved_at
    if opened is None or saved is None or saved < opened:
        return ""
    return (
        f"The researchers' own words and expected directions were last changed on {saved.date().isoformat()}, after "
        f"the study had opened on {opened.date().isoformat()}."
    )
