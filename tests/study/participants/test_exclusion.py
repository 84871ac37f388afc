"""A person's answers are left out by hand only, with a reason that the log keeps."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from study.ballots.table import ballot_rows
from study.models import Participant
from study.participants import people_rows
from tests.analysis.answered_studies import closed_study

pytestmark = pytest.mark.django_db


def left_out(study) -> set[str]:
    return {row["participant"] for row in ballot_rows(study) if row["excluded"]}


def test_a_participant_is_excluded_and_included_again(capsys):
    study = closed_study(people=2, clips=1)
    code = study.participants.first().code
    call_command("exclude_participant", study.slug, code, reason="told us\nthe sound was off")
    assert left_out(study) == {code}
    assert study.participants.get(excluded=True).exclusion_reason == "told us the sound was off"
    with pytest.raises(CommandError, match="left out already"):
        call_command("exclude_participant", study.slug, code, reason="again")
    call_command("exclude_participant", study.slug, code, reason="it was on", undo=True)
    assert left_out(study) == set()
    actions = list(study.log.order_by("pk").values_list("action", "reason"))[-2:]
    assert actions == [
        ("participant left out", "told us the sound was off"),
        ("participant taken back in", "it was on"),
    ]
    assert "Analyse again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [("r9999", "x", "no participant r9999"), ("", "x", "no participant"), (None, "  ", "Give a reason")],
)
def test_an_impossible_exclusion_is_refused_with_a_reason(code, reason, said):
    study = closed_study(people=1, clips=1)
    own = study.participants.first().code
    with pytest.raises(CommandError, match=said) as error:
        call_command("exclude_participant", study.slug, own if code is None else code, reason=reason)
    assert error.value.returncode == 2
    assert not Participant.objects.filter(excluded=True).exists()


def test_the_console_lists_who_is_flagged_and_leaves_out_with_a_reason(client):
    study = closed_study(people=3, clips=1)
    first, second, _ = (person.code for person in study.participants.order_by("number"))
    client.force_login(study.owner)
    people = reverse("study_participants", args=[study.slug])
    assert "Nobody is like this now" in client.get(people + "?status=noted").text
    study.participants.filter(number=1).update(flags=["too_fast"])
    page = client.get(people + "?status=noted").text
    assert first in page
    assert second not in page
    assert "too fast" in page
    assert second in client.get(people).text

    leave_out = reverse("participant_exclude", args=[study.slug, second, "leave-out"])
    assert "Give a reason" in client.post(leave_out, {"reason": " "}, follow=True).text
    assert left_out(study) == set()
    page = client.post(leave_out, {"reason": "told us the <b>sound</b> was off"}, follow=True).text
    assert f"{second} is left out of the analysis" in page
    assert "the &lt;b&gt;sound&lt;/b&gt; was off" in page
    assert left_out(study) == {second}
    assert study.log.get(action="participant left out").actor == study.owner
    take_in = reverse("participant_exclude", args=[study.slug, second, "take-in"])
    back = client.post(take_in, {"reason": "it was on", "back": "status=left_out&page=2&next=https://x.org"})
    assert back["Location"] == people + "?status=left_out&page=2"
    assert left_out(study) == set()


def test_the_pages_of_a_list_keep_what_is_listed(client, monkeypatch):
    monkeypatch.setattr(people_rows, "MOST_PEOPLE", 1)
    monkeypatch.setattr(people_rows, "FEWEST_PEOPLE", 1)
    study = closed_study(people=3, clips=1)
    study.participants.filter(number__lte=2).update(flags=[{"kind": "too_fast", "n": 1, "of": 1, "seconds": 3.0}])
    client.force_login(study.owner)
    page = client.get(reverse("study_participants", args=[study.slug]), {"flag": "too_fast"}).text
    assert 'href="?flag=too_fast&amp;page=2"' in page
    assert "1 of 1 answers took less than 3 s." in page
    assert "page 1 of 2" in page
    nobody = client.get(reverse("study_participants", args=[study.slug]), {"flag": "<left_tab>"}).text
    assert "Nobody is like this now." in nobody
