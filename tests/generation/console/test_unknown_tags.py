"""The step “Tags” lists what the rules do not know; what is chosen there is applied by the next run."""

import pytest
from django.urls import reverse

from generation.models import ClipStep
from generation.redefinition.choices import TagChoice
from generation.runs import execution, lifecycle
from generation.settings_model import GenerationSettings, settings_of, store_settings
from study.console.forms.versions import CHOICE
from study.setup.making_facts import making_facts
from tests.config.addresses import browser
from tests.config.fuzz.page_forms import form_in, form_with
from tests.factories import UserFactory
from tests.generation.studies import SMALL, add_clips, generate


@pytest.fixture
def foreign(study):
    """A study with two clips that have Last.fm's words."""
    study.clips.all().delete()
    store_settings(study, GenerationSettings(painter=SMALL))
    add_clips(study, 1, tags=("female vocalists", "seen live", "piano", "zyx hop"))
    add_clips(study, 1, tags=("Seen Live", "giutar", "slow"))
    return study


def page_of(study):
    return reverse("generation_unknown_tags", args=[study.slug])


def test_the_page_lists_unknown_tags_with_clips_and_suggestions(foreign, client):
    text = client.get(page_of(foreign)).content.decode()
    rows = text.split("<tr>")[2:]
    assert [row.count("</td>") for row in rows] == [4] * 4
    assert "seen live" in rows[0].lower()
    assert ">2<" in rows[0]
    assert "from lastfm" in rows[0]
    assert "similar spelling" in next(row for row in rows if "giutar" in row)
    assert "The rule set “lastfm” knows 2 of these 4 tags." in text
    tags = client.get(reverse("study_tags", args=[foreign.slug])).content.decode()
    assert "does not know 4 tags" in tags
    assert page_of(foreign) in tags


def test_who_goes_on_from_an_import_reads_before_generating_that_tags_are_unknown(foreign, client):
    run = reverse("generation_run", args=[foreign.slug])
    assert "does not know 4 tags" in client.get(run).text
    kept = {tag: TagChoice(action="keep") for tag in ("female vocalists", "seen live", "zyx hop", "giutar")}
    store_settings(foreign, settings_of(foreign).model_copy(update={"tag_choices": kept}))
    assert page_of(foreign) not in client.get(run).text


def test_choices_are_saved_logged_and_applied_by_the_next_run(foreign, client):
    run = generate(foreign)
    assert run.state == "done"
    before = ClipStep.objects.get(clip=foreign.clips.first(), kind="redefine").result
    assert set(before["corrected"]) == {"female vocalists", "seen live", "piano", "zyx hop"}
    posted = {
        **{"tag-1": "Seen Live", "action-1": "drop", "into-1": ""},
        **{"tag-2": "female vocalists", "action-2": "map", "into-2": "female; electro"},
        **{"tag-3": "zyx hop", "action-3": "keep", "into-3": ""},
        **{"tag-4": "giutar", "action-4": "", "into-4": "guitar"},
    }
    assert client.post(page_of(foreign), posted).status_code == 302
    assert {tag: str(choice) for tag, choice in settings_of(foreign).tag_choices.items()} == {
        "seen live": "drop",
        "female vocalists": "female + electro",
        "zyx hop": "keep",
    }
    entry = foreign.log.get(action="tag choices saved")
    assert entry.data["choices"]["seen live"] == "drop"
    lifecycle.start_run(foreign)
    execution.run_pending(foreign)
    after = ClipStep.objects.get(clip=foreign.clips.first(), kind="redefine").result
    assert set(after["corrected"]) == {"female", "electronic", "piano", "zyx hop"}  # `vocal`: female stands for it
    assert after["rules"]["choices_sha256"]
    assert after["rules"]["rules_sha256"] == before["rules"]["rules_sha256"]
    reasons = {change["tag"]: change["why"] for change in after["changes"]}
    assert reasons["seen live"] == "chosen for this study"
    assert reasons["vocal"]
    text = client.get(page_of(foreign)).content.decode()
    assert text.count(" selected>") == 3
    facts = " ".join(making_facts(foreign))
    assert "1 were mapped into known tags, 1 dropped" in facts
    assert "In 1 clip the redefined tags leave out a general tag" in facts
    # With a rule set that knows the words the choices still apply, so the page still shows them with their clips.
    store_settings(foreign, settings_of(foreign).model_copy(update={"rules": "lastfm"}))
    rows = client.get(page_of(foreign)).content.decode().split("<tr>")[2:]
    assert ">2<" in next(row for row in rows if "seen live" in row)


def test_every_suggestion_can_be_taken_at_once_and_a_choice_taken_back(foreign, client):
    client.post(page_of(foreign), {"tag-1": "giutar", "action-1": "keep", "accept": "1"})
    assert {tag: str(choice) for tag, choice in settings_of(foreign).tag_choices.items()} == {
        "giutar": "keep",  # decided by hand, so no suggestion
        "seen live": "drop",
        "female vocalists": "female",
    }
    client.post(page_of(foreign), {"tag-1": "giutar", "action-1": ""})
    assert "giutar" not in settings_of(foreign).tag_choices


@pytest.mark.parametrize(
    ("into", "message"),
    [
        ("gitar", "“seen live”: the rule set does not know “gitar”. Did you mean “guitar”?"),
        ("", "“seen live”: name the tag that it becomes, or choose something else."),
        ("seen live", "“seen live”: the rule set does not know “seen live”."),
    ],
)
def test_a_target_that_the_rules_do_not_know_is_refused(foreign, client, into, message):
    response = client.post(page_of(foreign), {"tag-1": "seen live", "action-1": "map", "into-1": into})
    assert response.status_code == 400
    assert message in response.content.decode()
    assert settings_of(foreign).tag_choices == {}


def test_nothing_is_saved_once_the_study_is_open_or_a_run_runs(foreign, client):
    lifecycle.start_run(foreign)
    refused = client.post(page_of(foreign), {"tag-1": "seen live", "action-1": "map", "into-1": "piano"})
    assert refused.status_code == 409
    assert "Nothing was saved" in refused.text
    assert "A run is in progress." in refused.text
    assert 'value="piano"' in refused.text, "what was typed is there"
    assert settings_of(foreign).tag_choices == {}
    assert "disabled" in client.get(page_of(foreign)).content.decode()


def test_other_settings_keep_the_choices(foreign, client):
    chosen = settings_of(foreign).model_copy(update={"tag_choices": {"seen live": TagChoice(action="drop")}})
    store_settings(foreign, chosen)
    page = client.get(reverse("generation_settings", args=[foreign.slug]))
    form = page.context["form"]
    data = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    client.post(reverse("generation_settings", args=[foreign.slug]), data | {"tag_limit": 7})
    assert settings_of(foreign).tag_limit == 7
    assert settings_of(foreign).tag_choices["seen live"].action == "drop"


def test_a_study_whose_tags_are_known_has_no_notice(study, client):
    store_settings(study, GenerationSettings(painter=SMALL))
    study.clips.update(imported_tags=["piano"])
    assert "does not know" not in client.get(reverse("study_tags", args=[study.slug])).content.decode()
    assert "The rules know all tags" in client.get(page_of(study)).content.decode()


def in_row(form, tag, **changed):
    """What a browser sends with the fields of a row changed: they bear the name of its tag, wherever it stands."""
    assert form.fields[f"tag-{tag}"].value == tag
    return form.sent(**{f"{part}-{tag}": value for part, value in changed.items()})


def test_a_choice_that_somebody_else_made_meanwhile_is_asked(foreign, client):
    colleague = UserFactory(username="mina")
    foreign.members.add(colleague)
    other = browser(colleague)
    mine, theirs = (form_with(window, page_of(foreign), "tag-giutar") for window in (client, other))
    other.post(page_of(foreign), in_row(theirs, "seen live", action="drop"))
    # Another tag is saved with what the colleague chose.
    saved = client.post(page_of(foreign), in_row(mine, "zyx hop", action="keep"))
    assert saved.status_code == 302
    # The same tag is asked about; what was typed is there.
    refused = client.post(page_of(foreign), in_row(mine, "seen live", action="map", into="piano"))
    assert refused.status_code == 409
    text = refused.content.decode()
    assert ", mina (" in text
    assert {tag: str(choice) for tag, choice in settings_of(foreign).tag_choices.items()} == {
        "seen live": "drop",
        "zyx hop": "keep",
    }
    page = form_in(page_of(foreign), text, "tag-giutar")
    [choice] = [name for name in page.fields if name.startswith(CHOICE)]
    mine_value, stored_value = page.fields[choice].choices
    assert client.post(page_of(foreign), page.sent(**{choice: stored_value})).status_code == 302
    assert str(settings_of(foreign).tag_choices["seen live"]) == "drop"
    assert client.post(page_of(foreign), page.sent(**{choice: mine_value})).status_code == 302
    assert str(settings_of(foreign).tag_choices["seen live"]) == "piano"


def test_what_was_chosen_stays_on_the_page_that_refuses_it(foreign, client):
    form = form_with(client, page_of(foreign), "tag-giutar")
    sent = in_row(form, "seen live", action="map", into="gitar")
    page = client.post(page_of(foreign), sent).content.decode()
    assert 'value="gitar"' in page
    assert '<option value="map" selected>' in page
