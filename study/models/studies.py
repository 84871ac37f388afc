"""Studies with their settings."""

import secrets
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.opaque_tokens import new_link_token

# Absolute addresses only: participants are redirected there, so no scheme is guessed.
web_address = URLValidator(schemes=["https", "http"])


def new_seed() -> int:
    """A random seed; stored with the study, so that every order can be drawn again."""
    return secrets.randbits(48)


class StudyStage(models.TextChoices):
    """A part of a study with people, orders, links and a target of its own. Only the main stage gives the results."""

    PILOT = "pilot", _("pilot stage")
    MAIN = "main", _("main stage")
    FOLLOW_UP = "follow_up", _("follow-up stage")


class Study(models.Model):
    """One experiment: its status, texts, design, recruitment and analysis plan."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    Stage = StudyStage

    class Platform(models.TextChoices):
        NONE = "", _("no platform")
        PROLIFIC = "prolific", "Prolific"
        MTURK = "mturk", "Mechanical Turk"
        SONA = "sona", "SONA"

    class Ethics(models.TextChoices):
        APPROVED = "approved", _("an ethics board has approved the study")
        NONE = "none", _("no ethics board has approved it")

    # The sets of statuses; study/setup/lifecycle.py holds the transitions.
    # A paused study takes no new participants, but those who have started may finish.
    TAKES_ANSWERS = (Status.OPEN, Status.PAUSED)
    SETTINGS_CAN_CHANGE = (Status.DRAFT,)

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_studies")
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="study.Membership", blank=True, related_name="studies"
    )

    # Life cycle.
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # The stage that people enter now, and what is known of each that has begun, in their order:
    # {stage: {"after": the number of the last person before it, "target": people wanted or None}}.
    # A study of the main stage alone has none there: study/participants/study_stages.py.
    stage = models.CharField(max_length=10, choices=StudyStage, default=StudyStage.MAIN, editable=False)
    stages = models.JSONField(default=dict, blank=True, editable=False)
    # Counts the changes while the study runs (study/participants/study_versions.py).
    version = models.PositiveIntegerField(default=1, editable=False)
    open_link_token = models.CharField(max_length=40, unique=True, default=new_link_token)
    # In place of the open link, to be typed by hand (study/participants/short_codes.py); None: there is none.
    short_code = models.CharField(max_length=6, unique=True, null=True, blank=True, editable=False)
    # Answered by simulated participants only: every page and export with results shows it.
    simulated = models.BooleanField(default=False)
    # The draft that this copy rehearses (config/rehearsals): it is seen and sealed as that one is, and removed with it.
    rehearsal_of = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.CASCADE, related_name="rehearsals"
    )
    # What was chosen for a rehearsal, and what came of it; empty for every other study.
    rehearsal = models.JSONField(default=dict, blank=True, editable=False)

    # Texts for participants: {language: text}; a missing language uses the text that ships.
    languages = models.JSONField(default=list, blank=True)
    question = models.JSONField(default=dict, blank=True)
    consent_text = models.JSONField(default=dict, blank=True)
    consent_version = models.PositiveIntegerField(default=1)
    instructions = models.JSONField(default=dict, blank=True)
    # Who answers to the participants: the consent text names them (study/texts.py).
    researcher = models.CharField(_("responsible researcher"), max_length=200, blank=True, default="")
    institution = models.CharField(_("institution"), max_length=200, blank=True, default="")
    contact = models.CharField(_("contact address"), max_length=300, blank=True, default="")
    ethics = models.CharField(_("ethics approval"), max_length=10, choices=Ethics, blank=True, default="")
    ethics_board = models.CharField(_("ethics board"), max_length=200, blank=True, default="")
    ethics_number = models.CharField(_("number of the approval"), max_length=100, blank=True, default="")
    ethics_reason = models.CharField(_("why there is no approval"), max_length=300, blank=True, default="")
    questions_before = models.TextField(_("questions before"), blank=True, help_text=_("a question set in YAML"))
    questions_after = models.TextField(_("questions after"), blank=True, help_text=_("a question set in YAML"))
    screen_out_text = models.JSONField(default=dict, blank=True)

    # The questions of each trial (study/instruments); empty: the first and the second choice, and nothing else.
    instrument = models.JSONField(default=dict, blank=True)
    # Under which licence the study's data may be used, as a short text or an SPDX name; exports state it.
    licence = models.CharField(_("licence of the data"), max_length=200, blank=True, default="")

    # Design.
    seed = models.BigIntegerField(_("seed"), default=new_seed)
    # How orders are drawn from the seed: `study.design.NEWEST_ORDERS` when the study was made.
    orders_version = models.PositiveSmallIntegerField(_("version of the orders"), default=2, editable=False)
    trials_per_participant = models.PositiveIntegerField(
        _("clips per participant"), null=True, blank=True, help_text=_("empty: everybody hears every clip")
    )
    second_choice_required = models.BooleanField(_("a second choice is required"), default=True)
    allow_none_fits = models.BooleanField(_("offer “none of them fits”"), default=False)
    ask_reason = models.BooleanField(_("ask for a reason in one line"), default=False)
    ask_familiarity = models.BooleanField(_("ask “do you know this piece?”"), default=False)
    listening_minimum_seconds = models.PositiveIntegerField(
        _("listening minimum in seconds"),
        null=True,
        blank=True,
        help_text=_("empty: half the clip, at most 15 s"),
    )
    practice_trial = models.BooleanField(_("start with a practice trial"), default=False)
    sound_check = models.BooleanField(_("start with a sound check"), default=True)
    repeats = models.PositiveIntegerField(_("hidden repeats"), default=0)
    match_controls = models.PositiveIntegerField(_("match-control trials"), default=0)
    attention_trials = models.PositiveIntegerField(_("attention trials"), default=0)
    minimum_seconds = models.PositiveIntegerField(
        _("shortest plausible time for a trial in seconds"),
        default=3,
        help_text=_("faster answers are flagged"),
    )
    # Checks beside the trials.
    headphone_check = models.BooleanField(_("add a headphone screening"), default=False)
    # Recruitment: how many participants, and where they return to.
    target_participants = models.PositiveIntegerField(_("target number of participants"), null=True, blank=True)
    grace_minutes = models.PositiveIntegerField(
        _("grace period in minutes"),
        default=60,
        help_text=_("how long participants who have started may go on after closing"),
    )
    completion_code = models.CharField(_("completion code"), max_length=60, blank=True)
    return_url = models.CharField(_("return link"), max_length=300, blank=True, validators=[web_address])
    screen_out_code = models.CharField(_("screen-out code"), max_length=60, blank=True)
    screen_out_url = models.CharField(_("screen-out link"), max_length=300, blank=True, validators=[web_address])
    recruitment_platform = models.CharField(
        _("recruited through"), max_length=10, choices=Platform, default=Platform.NONE, blank=True
    )
    # Per person and per hour, in one currency (ISO 4217); study/participants/fair_pay.py holds them against the time.
    reward = models.DecimalField(
        _("reward for a person"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    reward_currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    wage = models.DecimalField(
        _("wage aimed at, for an hour"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    # After the closing; the ids of the recruiting platform are erased then, if the researchers have not done it before.
    keep_ids_days = models.PositiveIntegerField(
        _("days until platform ids are erased"),
        default=30,
        validators=[MaxValueValidator(3650)],
        help_text=_("after closing"),
    )
    stop_at_target = models.BooleanField(_("stop enrolment when the target is reached"), default=False)
    # The most participants with one answer to one question before the trials: [{"question", "answer", "limit"}].
    quotas = models.JSONField(default=list, blank=True)
    # Other choices.
    feedback = models.BooleanField(_("show participants feedback"), default=False)
    images_lossless = models.BooleanField(
        _("show images without any loss"),
        default=False,
    )
    include_unchanged_clips = models.BooleanField(_("keep clips whose tag sets give the same prompt"), default=False)

    # Analysis plan: fixed when the study opens; `plan_digest` is its digest.
    weight_first = models.DecimalField(
        _("points for the 1st choice"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(3),
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    weight_second = models.DecimalField(
        _("points for the 2nd choice"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(0))],
    )
    alpha = models.DecimalField(
        _("alpha"),
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.05"),
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(Decimal("0.2"))],
    )
    plan = models.JSONField(default=dict, blank=True)
    plan_digest = models.CharField(max_length=64, blank=True)
    # How many people with results have withdrawn: an analysis that was made before is no longer to be used.
    erasures = models.PositiveIntegerField(default=0, editable=False)
    # When the events were erased for good; flags are no longer judged anew from then on.
    events_erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    # How participants get the images, recorded at opening (study/survey_images/versions.py).
    survey_images = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("study_overview", args=[self.slug])

    @property
    def results_open_at(self) -> datetime | None:
        """When results by condition may be shown: after the grace period that follows closing; None before closing."""
        if self.status != self.Status.CLOSED or self.closed_at is None:
            return None
        return self.closed_at + timedelta(minutes=self.grace_minutes)

    @property
    def is_sealed(self) -> bool:
        """Whether results by condition are still hidden from everybody."""
        opens = self.results_open_at
        return opens is None or timezone.now() < opens or self._rehearses_blinded

    # Of an object from which the report of a published deposit is made: whether its texts keep the seed to themselves,
    # and why researchers left people out.
    hides_seed = False
    # Of the same: the columns of people's answers of which its texts say nothing.
    hidden_answers: frozenset[str] = frozenset()
    # Of the same: whether its texts keep to themselves why researchers left people out, or clips.
    hides_reasons = hides_clip_reasons = False

    @property
    def shown_seed(self) -> str:
        """The seed of the orders as reports state it; with it, a person's orders tell when the person came."""
        return "—" if self.hides_seed else str(self.seed)

    @property
    def is_blinded(self) -> bool:
        """Whether pages must not reveal which image belongs to which condition: from opening until results open."""
        return (self.status != self.Status.DRAFT and self.is_sealed) or self._rehearses_blinded

    @property
    def _rehearses_blinded(self) -> bool:
        """Whether the images are those of a study that runs, which a rehearsal must not unblind."""
        return self.rehearsal_of is not None and self.rehearsal_of.is_blinded

    @property
    def settings_can_change(self) -> bool:
        return self.status in self.SETTINGS_CAN_CHANGE

    @property
    def stage_target(self) -> int | None:
        """How many people the current stage asks for; None without a target."""
        return self.target_of(self.stage)

    def target_of(self, stage: str) -> int | None:
        """How many people a stage asks for: of the main stage the plan's number, of another its own."""
        if stage == StudyStage.MAIN:
            return self.target_participants
        target: int | None = self.stages.get(stage, {}).get("target")
        return target

    @property
    def weights(self) -> tuple[float, float]:
        """Points for the (1st, 2nd) choice."""
        return float(self.weight_first), float(self.weight_second)
