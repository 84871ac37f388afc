"""Withdrawal: everything the participant gave is erased. Only the number is kept, so that it is not used again."""

from django.db import transaction
from django.utils.translation import gettext as _

from study.ballots.receipts import OLD_RECEIPT_LETTERS, normal_receipt
from study.errors import StudyError
from study.models import Event, Participant
from study.models.log import record
from study.opaque_tokens import new_token
from study.participants.tokens import token_hash


class ReceiptUnknown(StudyError):
    """No participant has this receipt."""


def participant_with_receipt(receipt: str) -> Participant:
    """The participant with this receipt.

    Raises:
        ReceiptUnknown: no participant has it.
    """
    code = normal_receipt(receipt)
    found = (
        Participant.objects.filter(receipt=code).first() if len(code.replace("-", "")) >= OLD_RECEIPT_LETTERS else None
    )
    if found is None:
        raise ReceiptUnknown(_("There is no such receipt. Please check it letter by letter."))
    return found


@transaction.atomic
def withdraw(participant: Participant) -> None:
    """Erase a participant's ballots and revisions, answers, events and ids; repeating it changes nothing."""
    participant = Participant.objects.select_for_update(of=("self",)).select_related("study").get(pk=participant.pk)
    if participant.status == Participant.Status.WITHDRAWN:
        return
    participant.trials.all().delete()  # and with them ballots, revisions and events
    Event.objects.filter(participant=participant).delete()
    participant.status = Participant.Status.WITHDRAWN
    participant.slot = None
    participant.answers, participant.flags, participant.recruitment = {}, [], {}
    participant.rule_exclusions = []
    participant.receipt = participant.nonce = participant.exclusion_reason = participant.platform_person = ""
    participant.token_hash = token_hash(new_token())  # the old link becomes unknown
    participant.save()
    record(participant.study, "participant withdrew", participant=participant.code)
