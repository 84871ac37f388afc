"""The licence of a clip's sound, and whether a deposit may hold it."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from config.bundles.whole.carried import carried
from study.errors import StudyError
from study.models import Study
from study.setup.bulk_changes import Bulk, Wanted, change_clips
from study.setup.clip_rights import RIGHTS_CHANGED, RightsRefused, set_sound_rights, sound_rights
from study.setup.copying import copy_study
from tests.config.addresses import browser
from tests.factories import UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db


def test_a_sound_that_may_be_published_needs_a_licence_also_in_the_database() -> None:
    clip = make_study(clips=1).clips.get()
    with pytest.raises(RightsRefused, match="Write the licence under which the sound may be published"):
        set_sound_rights(clip, sound_rights("  ", True))
    with pytest.raises(RightsRefused, match="in one line of at most 200 characters"):
        set_sound_rights(clip, sound_rights("CC\nBY", False))
    with pytest.raises(IntegrityError), transaction.atomic():
        type(clip).objects.filter(pk=clip.pk).update(sound_may_be_published=True)
    assert not clip.study.log.filter(action=RIGHTS_CHANGED).exists()


def test_rights_change_after_opening_and_are_logged_once_carried_and_copied() -> None:
    study = make_open_study(clips=2)
    first, second = study.clips.all()
    assert carried(first).keys().isdisjoint({"licence", "sound_may_be_published"})
    assert set_sound_rights(first, sound_rights(" CC-BY-4.0 ", True), actor=study.owner)
    assert not set_sound_rights(first, sound_rights("CC-BY-4.0", True), actor=study.owner)
    entry = study.log.get(action=RIGHTS_CHANGED)
    assert entry.data == {"clip": first.name, "licence": "CC-BY-4.0", "published": "yes"}
    assert carried(first)["licence"] == "CC-BY-4.0"
    assert carried(first)["sound_may_be_published"] is True

    changed = change_clips(
        study, [first.pk, second.pk], Wanted(Bulk.RIGHTS, rights=sound_rights("CC-BY-4.0", True)), actor=study.owner
    )
    assert [clip.pk for clip in changed.ready] == [second.pk]
    assert changed.refused[0][1] == "has this licence already"
    with pytest.raises(StudyError, match="its plan is fixed"):
        change_clips(study, [first.pk], Wanted(Bulk.LEAVE_OUT, reason="late"))
    copied = copy_study(study, title="Again", owner=study.owner)
    assert set(copied.clips.values_list("licence", "sound_may_be_published")) == {("CC-BY-4.0", True)}


def test_pages_of_an_open_study_change_the_rights_and_nothing_else() -> None:
    study = make_open_study(clips=2)
    study.owner = UserFactory()
    study.save()
    client, clip = browser(study.owner), study.clips.first()
    url = reverse("clip_edit", args=[study.slug, clip.pk])
    refused = client.post(url, {"licence": "", "sound_may_be_published": "on"})
    assert refused.status_code == 400
    assert "Write the licence under which the sound may be published" in refused.text
    sent = {"licence": "CC0-1.0", "sound_may_be_published": "on"}
    refused = client.post(url, sent | {"name": "other.wav"})
    assert refused.status_code == 409
    assert "can no longer be changed" in refused.text
    assert client.post(url, sent).status_code == 302
    clip.refresh_from_db()
    assert (clip.name, clip.licence, clip.sound_may_be_published) == ("clip1.wav", "CC0-1.0", True)

    listed = client.get(reverse("study_clips", args=[study.slug])).text
    assert "(the sound may be published)" in listed
    assert '<option value="rights">' in listed
    assert '<option value="delete">' not in listed
    chosen: dict[str, Any] = {"action": "rights", "clip": [str(one.pk) for one in study.clips.all()]}
    change = reverse("clips_change", args=[study.slug])
    assert 'name="licence"' in client.post(change, chosen).text
    sent = chosen | {"confirmed": "1", "sound_may_be_published": "on"}
    assert client.post(change, sent).status_code == 400
    assert client.post(change, sent | {"licence": "CC-BY-4.0"}).status_code == 302
    assert set(study.clips.values_list("licence", flat=True)) == {"CC-BY-4.0"}


def test_commands_set_the_rights(capsys: pytest.CaptureFixture[str]) -> None:
    study: Study = make_open_study(clips=2)
    study.owner = UserFactory(username="mina")
    study.save()
    call_command("clips", "edit", study.slug, "clip1.wav", "licence=CC0-1.0", "--as", "mina")
    assert study.clips.get(number=1).licence == "CC0-1.0"
    call_command(
        "clips", "change", study.slug, "rights", "--licence", "CC-BY-4.0", "--may-be-published", "--all", "--as", "mina"
    )
    assert set(study.clips.values_list("licence", "sound_may_be_published")) == {("CC-BY-4.0", True)}
    capsys.readouterr()
