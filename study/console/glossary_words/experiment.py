"""The words of an experiment: what is compared, what is fixed, and what proves it."""

from django.utils.translation import gettext_lazy as _

from study.console.glossary_words.word import (
    CLIPS,
    DESCRIBE,
    LOG,
    MONITOR,
    OPEN,
    PLAN,
    POWER,
    RESULTS,
    REVIEW,
    RULES,
    Word,
)

WORDS = (
    Word(
        "study",
        _("study"),
        _("One experiment with its music, images, participants, plan and results."),
        _("From its opening on, everything that participants see and everything that is counted stays the same."),
        (_("Studies"),),
    ),
    Word(
        "clip",
        _("clip"),
        _("One piece of music in the study. Everybody who hears it sees the same images of it."),
        _("Findings about music in general rest on how many clips there are, not only on how many people."),
        (CLIPS, POWER),
    ),
    Word(
        "condition",
        _("condition"),
        _("One way of making an image. Each clip has one image under each condition."),
        _("The study compares the conditions; everything else is the same for all of them."),
        (DESCRIBE, RESULTS),
    ),
    Word(
        "image",
        _("image"),
        _("The picture of one clip under one condition."),
        _("Participants compare the images of one clip with each other."),
        (REVIEW, RESULTS),
        _("stimulus"),
    ),
    Word(
        "factor",
        _("what distinguishes the conditions"),
        _(
            "A property in which the conditions differ, and its value for each: painter=one, painter=two. With it the "
            "analysis compares the values, not only single conditions."
        ),
        _("The first property with two values is the question that the study answers first."),
        (DESCRIBE, RULES),
        _("factor and its levels"),
    ),
    Word(
        "blinded",
        _("blinded"),
        _("Without knowledge of how an image was made. Participants always choose blinded."),
        _("Whoever knows how an image was made judges that, and not the image."),
        (OPEN, MONITOR),
    ),
    Word(
        "sealed",
        _("sealed"),
        _(
            "From the opening until the results open, researchers too see no results by condition, and conditions only "
            "under neutral labels."
        ),
        _("Nobody can end the study when the results look good."),
        (OPEN, RESULTS),
    ),
    Word(
        "grace-period",
        _("time to finish"),
        _("How long participants who have started may go on after the study is closed. Then the results open."),
        _("Nobody's half hour is lost because the study ended in the middle of it."),
        (PLAN, OPEN),
        _("grace period"),
    ),
    Word(
        "plan",
        _("plan"),
        _("What is fixed before the first answer: points, checks, who is left out, how much is asked of whom."),
        _("Nobody can choose the analysis that suits the results."),
        (PLAN, OPEN),
    ),
    Word(
        "fingerprint",
        _("fingerprint"),
        _(
            "A short code that is computed from a text or file. A text that differs in one letter has another "
            "fingerprint."
        ),
        _("A fingerprint that was noted earlier proves that nothing was changed since: the plan, the log, a file."),
        (PLAN, LOG),
        _("digest (SHA-256); of the log: head"),
    ),
    Word(
        "log",
        _("log"),
        _("Who did what to the study, when and why. Each entry holds the fingerprint of the one before it."),
        _("An entry that is changed or removed later breaks all entries after it."),
        (LOG,),
        _("hash chain"),
    ),
    Word(
        "simulated",
        _("simulated study"),
        _("A copy of a study that made-up participants answer through the real pages."),
        _("It shows the whole way to the report before people are asked. Its results are no findings."),
        (RESULTS,),
    ),
    Word(
        "seed",
        _("seed"),
        _("A number from which something random is drawn: the orders of a study, the images of a clip."),
        _("With it the same orders and images can be made again."),
        (REVIEW, RESULTS),
    ),
)
