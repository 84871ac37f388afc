"""The words of results: what is computed, and how sure it is."""

from django.utils.translation import gettext_lazy as _

from study.console.glossary_words.word import DESCRIBE, PLAN, POWER, QUESTIONS, RESULTS, RULES, Word

WORDS = (
    Word(
        "points",
        _("points"),
        _("What a 1st and a 2nd choice count. 3 and 1 are usual."),
        _("A result that changes with other points is a weak one; the report shows it."),
        (PLAN, RESULTS),
        _("weights"),
    ),
    Word(
        "alpha",
        _("share of false alarms"),
        _("Of studies without any difference, the share that would still find one. 0.05 is usual."),
        _("A smaller value makes findings surer, and small differences harder to find."),
        (PLAN, RULES),
        _("significance level, alpha"),
    ),
    Word(
        "primary-question",
        _("primary question"),
        _("The one comparison that the study is made for."),
        _("Among many comparisons one is always large by chance, so one is named before the first answer."),
        (DESCRIBE, RESULTS),
        _("primary contrast"),
    ),
    Word(
        "groups-of-people",
        _("groups of people"),
        _("People with the same answer to a question before the clips, such as their years of training."),
        _("The report tests whether the result is the same in these groups."),
        (QUESTIONS, RESULTS),
        _("moderator"),
    ),
    Word(
        "power",
        _("power"),
        _("The chance that a study finds a difference of the size that you assume."),
        _("A study with little power finds nothing, also where there is something."),
        (POWER,),
    ),
    Word(
        "smallest-difference",
        _("smallest difference that matters"),
        _("The difference, in points an answer, below which you would not care which way is better."),
        _("With it the report can also say that there is no difference that matters."),
        (RULES, RESULTS),
        _("smallest difference worth having (smallest effect size of interest)"),
    ),
    Word(
        "early-stop",
        _("early stop"),
        _("A rule by which the study may end before its target, and by which looking often is no cheating."),
        _("People's time is not spent on a question that is answered."),
        (RULES,),
        _("e-process"),
    ),
    Word(
        "interval",
        _("95 % interval"),
        _("The range of values that the answers do not speak against."),
        _("It shows how large the difference may be, and how small."),
        (RESULTS,),
        _("confidence interval"),
    ),
    Word(
        "new-clips",
        _("these clips, new clips"),
        _(
            "A result for these clips asks what other people would answer to the same music; one for new clips, what "
            "people would answer to other music of its kind."
        ),
        _("Only a result for new clips is one about music."),
        (POWER, RESULTS),
    ),
    Word(
        "worth",
        _("strength of a condition"),
        _(
            "A number for each condition such that the chance of being chosen is its share of the sum. Its logarithm "
            "is the log-worth."
        ),
        _("It uses 1st and 2nd choices without any points."),
        (RESULTS,),
        _("worth, log-worth (Plackett–Luce)"),
    ),
    Word(
        "quasi-se",
        _("spread for comparing any two"),
        _(
            "A standard error for each condition alone, chosen so that the uncertainty of any difference follows from "
            "two of them."
        ),
        _("Any two conditions can be compared from the table, not only each with the reference."),
        (RESULTS,),
        _("quasi-standard error, quasi-SE"),
    ),
    Word(
        "codebook",
        _("codebook"),
        _("A table that explains each column of another table, with its values."),
        _("Others can read the data without asking you."),
        (RESULTS,),
    ),
)
