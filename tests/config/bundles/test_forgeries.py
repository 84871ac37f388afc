"""What somebody who can write to the database may forge, and what names it in an export made afterwards.

Each forgery is tried against the checks of earlier versions as well (`old_check`), which knew neither chain nor
commitments fixed at finishing: they find nothing.
"""

import json
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

from django.test import TestCase

from config.bundles import export_study, verify_diff, verify_export
from config.bundles.check import Verification
from study.ballots.casting import digest_of
from study.ballots.commitments import FINISHED, digests_of
from study.ballots.receipts import commitment_of, covered_digest, find_receipt, receipt_commitment, secret_of
from study.digests import next_head
from study.models import Ballot, ChainHead, LogEntry, Participant, Stimulus, Study
from study.participants.consent_and_questions import screen_out
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import withdraw
from study.published_heads.heads import Head
from tests.analysis.answered_studies import answered_study, close
from tests.config.bundles.test_export import rewritten

PEOPLE, CLIPS = 5, 3
NEW_CHECKS = ("check_chain", "check_commitments", "check_exclusions", "check_opening")


def rewrite(ballots: Iterable[Ballot]) -> None:
    """Exchange 1st and 2nd choice, with a fresh nonce and digest: each ballot agrees with its own digest."""
    for ballot in ballots:
        ballot.first_id, ballot.second_id = ballot.second_id, ballot.first_id
        renew(ballot)


def renew(ballot: Ballot) -> None:
    keys = dict(Stimulus.objects.filter(pk__in=ballot.trial.position_order).values_list("pk", "condition__key"))
    ballot.nonce = secrets.token_hex(16)
    ballot.digest = digest_of(ballot, ballot.trial, keys)
    ballot.save()


def rebind(study: Study) -> None:
    """Make the commitments anew, from the receipts that stand in the database."""
    for entry in study.log.filter(action=FINISHED):
        person = study.participants.get(number=int(entry.data["participant"][1:]))
        digests = digests_of(study.participants.filter(pk=person.pk))[person.pk]
        entry.data |= {
            "commitment": commitment_of(secret_of(person.receipt), person.code, digests),
            "digest": covered_digest(person.code, digests),
        }
        entry.save()


def relink(study: Study) -> None:
    """Number the entries anew, and compute all digests and heads: the chain is valid in itself."""
    head, number = "", 0
    for number, entry in enumerate(study.log.order_by("number"), start=1):
        entry.number = number
        if not entry.erased:
            entry.digest = entry.content_digest()
        entry.head = head = next_head(head, number, entry.digest)
        entry.save()
    ChainHead.objects.filter(study=study).update(number=number, head=head)


class ForgeryTest(TestCase):
    """A closed study with an earlier export, a head that was published at closing, and a receipt in a person's hand."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.study = answered_study(people=PEOPLE, clips=CLIPS)
        screen_out(enrol(cls.study)[0], "quota full")
        cls.sealed = cls.folder / "sealed.zip"
        export_study(cls.study, cls.sealed)
        set_exclusion(cls.study, "r0004", "said that they clicked at random", actor=cls.study.owner)
        close(cls.study)
        chain = ChainHead.objects.get(study=cls.study)
        cls.published = [Head(cls.study.slug, chain.number, chain.head)]
        cls.receipt = str(cls.study.participants.get(number=1).receipt)
        cls.earlier = cls.folder / "earlier.zip"
        cls.export_to(cls.study, cls.earlier)

    @staticmethod
    def export_to(study: Study, path: Path) -> Path:
        with mock.patch("config.bundles.write._analysis", return_value=None):  # analyses follow from the ballots
            export_study(study, path, images=False)
        return path

    def setUp(self) -> None:
        self.study = Study.objects.get(pk=self.study.pk)
        self.log = self.study.log

    def forged(self) -> Path:
        return self.export_to(self.study, self.folder / f"{self._testMethodName}.zip")

    def old_check(self, path: Path) -> None:
        """Assert that the checks of earlier versions find nothing, also of the receipt."""
        with mock.patch.multiple("config.bundles.check", **{name: lambda *_args: None for name in NEW_CHECKS}):
            assert verify_export(path).faults == ()
        person = self.study.participants.exclude(receipt="").order_by("number").first()
        assert person is not None
        digests = {person.code: list(Ballot.objects.filter(trial__participant=person).values_list("digest", flat=True))}
        commitments = {person.code: receipt_commitment(person.receipt, digests[person.code])}  # as of when it exported
        assert find_receipt(person.receipt, digests, commitments) == person.code

    def assert_named(self, result: Verification, *texts: str) -> None:
        for text in texts:
            assert any(text in fault for fault in result.faults), result.faults

    def assert_differs(self, path: Path, *texts: str) -> None:
        for text in texts:
            faults = verify_diff(self.earlier, path).faults
            assert any(text in fault for fault in faults), faults

    def test_an_honest_later_export_agrees_with_receipt_head_and_both_earlier_exports(self) -> None:
        withdraw(self.study.participants.get(number=5))
        set_exclusion(self.study, "r0004", "it was a mistake", excluded=False, actor=self.study.owner)
        path = self.forged()
        result = verify_export(path, [self.receipt], self.published)
        assert result.faults == ()
        text = " ".join(result.checked)
        assert f"receipt {self.receipt}: r0001, {CLIPS} ballots, all as cast" in text
        assert "ballots of 4 people, as the chain has bound them" in text
        assert "1 published heads" in text
        for earlier in (self.sealed, self.earlier):
            found = verify_diff(earlier, path)
            assert found.faults == []
            assert any("withdrawals of r0005" in line for line in found.added), found.added
        assert any("r0004 is included again" in line for line in found.added)

    def test_rewritten_ballots_with_fresh_digests(self) -> None:
        rewrite(list(Ballot.objects.filter(trial__participant__study=self.study))[:13])  # 156 of 180, in small
        path = self.forged()
        self.old_check(path)
        result = verify_export(path, [self.receipt])
        self.assert_named(
            result,
            *(f"the ballots of r000{number} are not those that entry" for number in range(1, PEOPLE + 1)),
            f"Receipt {self.receipt} is that of r0001, and disproves this export",
        )
        self.assert_differs(path, "digest of r0001 in trial", "digest of r0005 in trial")
        sealed = verify_diff(self.sealed, path).faults
        assert any("the choices of r0005 were changed" in fault for fault in sealed)

    def test_rewritten_ballots_with_commitments_made_anew_from_stolen_receipts(self) -> None:
        rewrite(list(Ballot.objects.filter(trial__participant__study=self.study))[:13])
        rebind(self.study)
        relink(self.study)
        path = self.forged()
        self.old_check(path)
        assert verify_export(path).faults == ()  # the chain is whole in itself: receipts, heads and exports tell
        self.assert_named(verify_export(path, [self.receipt]), "holds no commitment that it states")
        self.assert_named(verify_export(path, heads=self.published), f"Head {self.published[0].number} of")
        self.assert_differs(path, "(participant finished) is another one now", "digest of r0001 in trial")
        sealed = verify_diff(self.sealed, path).faults
        assert any("(participant finished) is another one now" in fault for fault in sealed)

    def test_a_renamed_log_line(self) -> None:
        self.log.filter(action="participant left out").update(action="shared")
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path), "(shared) was changed: its digest is another")
        relink(self.study)
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path, heads=self.published), "was published as")
        self.assert_differs(path, "(participant left out) is another one now")

    def test_a_deleted_log_line(self) -> None:
        self.log.get(action="opened").delete()
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path), "entries were removed or added", "says of its opening")

    def test_last_entries_cut_off(self) -> None:
        """The exclusion, taken back without a trace. Its entry and all later ones are gone, and the study is open."""
        cut = self.log.get(action="participant left out").number
        self.log.filter(number__gte=cut).delete()
        last = self.log.get(number=cut - 1)
        ChainHead.objects.filter(study=self.study).update(number=last.number, head=last.head)
        Participant.objects.filter(study=self.study).update(excluded=False, exclusion_reason="")
        Study.objects.filter(pk=self.study.pk).update(status=Study.Status.OPEN, closed_at=None)
        self.study.refresh_from_db()
        path = self.folder / "cut.zip"
        export_study(self.study, path)
        assert verify_export(path).faults == ()  # only what was published knows of a later entry
        self.assert_named(verify_export(path, heads=self.published), "entries were cut off")
        found = verify_diff(self.sealed, path)
        assert found.faults == []  # made before the exclusion
        self.assert_differs(path, "is unsealed and the newer one is sealed")

    def test_a_swapped_participant(self) -> None:
        one, other = self.study.participants.get(number=1), self.study.participants.get(number=2)
        for person, number in ((one, 99), (other, 1), (one, 2)):
            Participant.objects.filter(pk=person.pk).update(number=number)
        for ballot in Ballot.objects.filter(trial__participant__in=(one, other)).select_related("trial__participant"):
            renew(ballot)
        path = self.forged()
        self.old_check(path)
        self.assert_named(
            verify_export(path, [self.receipt]),
            "the ballots of r0001 are not those",
            "the ballots of r0002 are not those",
            "disproves this export",
        )
        self.assert_differs(path, "of r0001 in trial")

    def test_a_removed_participant(self) -> None:
        person = self.study.participants.get(number=3)
        person.trials.all().delete()
        person.delete()
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path), "r0003 is missing, and the chain has no withdrawal of theirs")
        self.assert_differs(path, "r0003 is missing, and no entry of the log says")

    def test_an_erasure_that_nobody_asked_for(self) -> None:
        entry = self.log.get(action="participant left out")
        LogEntry.objects.filter(pk=entry.pk).update(
            at=None, actor=None, actor_name="", reason="", nonce="", data={}, erased=True
        )
        Participant.objects.filter(study=self.study).update(excluded=False, exclusion_reason="")
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path), "is erased, and nobody withdrew after it")
        withdraw(self.study.participants.get(number=5))  # somebody else's withdrawal does not explain it
        self.assert_differs(self.forged(), "(participant left out) was erased, and its person did not withdraw")

    def test_an_exclusion_without_an_entry(self) -> None:
        Participant.objects.filter(study=self.study, number=2).update(excluded=True, exclusion_reason="too fast")
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path), "whether r0002 is left out, and why")
        Participant.objects.filter(study=self.study).update(excluded=False, exclusion_reason="")
        self.assert_named(verify_export(self.forged()), "whether r0004 is left out, and why")

    def test_a_plan_made_after_the_answers(self) -> None:
        Study.objects.filter(pk=self.study.pk).update(plan_digest="0" * 64)
        self.study.refresh_from_db()
        path = self.forged()
        self.old_check(path)
        self.assert_named(verify_export(path), "the digest of the plan is not that of entry")
        self.assert_differs(path, "the digest of the plan is not that of entry")

    def test_an_export_of_earlier_versions_is_checked_as_before_and_a_chain_taken_out_is_found(self) -> None:
        """Only a receipt or a head tells a chain that was taken out with every trace from one that never was."""
        copy = self.folder / "copy.zip"
        copy.write_bytes(self.earlier.read_bytes())
        old_receipt = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"
        digests = Ballot.objects.filter(trial__participant__number=1).values_list("digest", flat=True)

        def take_out(files: dict[str, bytes]) -> None:
            del files["chain.json"]

        def make_old(files: dict[str, bytes]) -> None:
            take_out(files)
            files["commitments.json"] = json.dumps({"r0001": receipt_commitment(old_receipt, digests)}).encode()
            about = json.loads(files["study.json"])
            about["log"] = [{"at": entry["at"], "action": entry["action"]} for entry in about["log"]]
            files["study.json"] = json.dumps(about).encode()

        self.assert_named(verify_export(rewritten(copy, take_out, sums=True)), "other files name its entries")
        path = rewritten(copy, make_old, sums=True)
        result = verify_export(path, [old_receipt])
        assert result.faults == ()
        assert f"receipt {old_receipt}: r0001, {CLIPS} ballots, all as cast" in result.checked
        assert any("has no chain.json" in text for text in result.unchecked)
        proved = verify_export(path, [self.receipt], self.published)
        self.assert_named(proved, "is missing, although heads", "chain of commitments: it was taken out")
        self.assert_differs(path, "chain.json of the older export is missing")
        newer = verify_diff(path, self.earlier)
        assert newer.faults == []
        assert any("the older export has no chain" in text for text in newer.unchecked)
