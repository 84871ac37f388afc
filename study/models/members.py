"""Who works on a study: its members with their roles, and the invitations that wait for an answer."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study


class Role(models.TextChoices):
    """What somebody is in a study; `study.access` holds what each may do. The owner is `Study.owner`."""

    OWNER = "owner", _("owner")
    EDITOR = "editor", _("editor")
    RUNNER = "runner", _("runner")
    READER = "reader", _("reader")


# Those that an owner can give.
GIVEN_ROLES = [(role.value, role.label) for role in (Role.EDITOR, Role.RUNNER, Role.READER)]


class Membership(models.Model):
    """A person's work on somebody else's study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=GIVEN_ROLES, default=Role.EDITOR)
    # The owner has offered to pass the study on to this person.
    offered_ownership = models.BooleanField(default=False)

    class Meta:
        db_table = "study_study_members"  # of the time when all members could do the same
        unique_together = (("study", "user"),)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role} of {self.study_id}"


class Invitation(models.Model):
    """A link that gives whoever opens it a role, once and for some days; only the token's hash is stored."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=GIVEN_ROLES)
    # Where the link was sent, or whom it is for; the row goes once it is answered.
    address = models.EmailField(_("mail address"))
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("ends_at", "pk")
        constraints = [models.UniqueConstraint(fields=["study", "address"], name="one_invitation_for_each_address")]

    def __str__(self) -> str:
        return f"invitation {self.pk} to {self.study_id}"

    @property
    def is_over(self) -> bool:
        return timezone.now() >= self.ends_at
