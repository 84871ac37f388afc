"""The words of the survey: what participants see, and what is told of them."""

from django.utils.translation import gettext_lazy as _

from study.console.glossary_words.word import (
    CLIPS,
    LINKS,
    MONITOR,
    PAYMENT,
    PEOPLE,
    PLAN,
    PREVIEW,
    QUESTIONS,
    RESULTS,
    STAGES,
    Word,
)

WORDS = (
    Word(
        "participant",
        _("participant"),
        _("A person who takes part in a study, known by a random number only."),
        _("Nobody learns from the data who somebody is."),
        (MONITOR, PEOPLE),
    ),
    Word(
        "trial",
        _("trial"),
        _("One clip shown to one person, with its images."),
        _("Each trial asks the same question, so that answers can be compared."),
        (PLAN, PREVIEW),
    ),
    Word(
        "position",
        _("place on the page"),
        _(
            "Where an image stands in a trial, by its letter (A, B, C …). The places are drawn anew for each person "
            "and clip."
        ),
        _("No condition gains because people like to choose the first image."),
        (PREVIEW, RESULTS),
        _("position, position order"),
    ),
    Word(
        "ballot",
        _("ballot"),
        _("The answer of a trial: the 1st and the 2nd choice."),
        _("All results are counted from the table of ballots."),
        (MONITOR, RESULTS),
    ),
    Word(
        "pilot",
        _("pilot"),
        _("Somebody who tries the survey before it opens, you for example. Answers of pilots are never counted."),
        _("What is wrong with texts, sounds and images shows best to somebody who takes part."),
        (PREVIEW, MONITOR),
    ),
    Word(
        "stage",
        _("stage"),
        _("A part of the study with people, links and a target of its own: pilot stage, main stage, follow-up stage."),
        _("Real people can rehearse the study, or be asked again later, without being mixed into its results."),
        (STAGES, MONITOR, PEOPLE),
    ),
    Word(
        "practice-trial",
        _("practice trial"),
        _("A first trial to get used to the page. Its answer is not counted."),
        _("People know the page before their answers count."),
        (PLAN, CLIPS),
    ),
    Word(
        "hidden-repeat",
        _("hidden repeat"),
        _("A clip that is shown a second time, unannounced."),
        _("It shows how consistently a person answers."),
        (PLAN, PEOPLE),
    ),
    Word(
        "match-control",
        _("trial with images of other clips"),
        _("A hidden check: two of the images belong to the clip that plays, two to another clip."),
        _("Who listens chooses the clip's own images more often than the others."),
        (PLAN, PEOPLE),
        _("match-control trial"),
    ),
    Word(
        "attention-trial",
        _("attention trial"),
        _("A trial that names the images to choose."),
        _("Who does not read chooses others."),
        (PLAN, PEOPLE),
    ),
    Word(
        "headphone-screening",
        _("headphone screening"),
        _("Six short sounds that are easy to tell apart on headphones and hard on loudspeakers."),
        _("It tells how people listened. Nobody is sent away."),
        (PLAN, MONITOR),
    ),
    Word(
        "screened-out",
        _("screened out"),
        _("Turned away before the first clip, by an answer to a question or because enough such people take part."),
        _("Their place is free for somebody else, and the report counts them."),
        (QUESTIONS, MONITOR),
    ),
    Word(
        "quota",
        _("quota"),
        _("The most people with one answer to one question."),
        _("It keeps groups of people equally large."),
        (QUESTIONS,),
    ),
    Word(
        "flag",
        _("flag"),
        _("A sign that somebody's answers are worth a look, with what it rests on."),
        _("By itself it leaves nobody out."),
        (MONITOR, PEOPLE),
    ),
    Word(
        "left-out",
        _("left out"),
        _("Not counted in the results: by a rule of the plan, or by hand with a reason."),
        _("The report counts these people and gives the result with and without them."),
        (PLAN, PEOPLE),
        _("excluded; rule of exclusion"),
    ),
    Word(
        "receipt",
        _("receipt"),
        _("The code that a person gets at the end. It is bound to all their answers."),
        _("It proves that no answer was changed, and with it a person can have the answers erased."),
        (PREVIEW, PAYMENT),
    ),
    Word(
        "personal-link",
        _("personal link"),
        _("A link for people whom you invite one by one. Earsight keeps only its fingerprint."),
        _("Nobody can read it from the database, and it lets in as many people as you say, usually one."),
        (LINKS,),
    ),
    Word(
        "support-code",
        _("support code"),
        _("A code that people from a recruiting platform see on the last page."),
        _("By it alone you find the platform's id of a person, when they ask for their payment."),
        (PAYMENT,),
    ),
)
