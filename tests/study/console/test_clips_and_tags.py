"""The pages of clips and tags: uploads, sound, tables of tags and the tags of one clip."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generation.console.clip_views import image_key
from study.models import Study
from tests.factories import make_study
from tests.study.conftest import tone, upload

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def test_several_files_are_uploaded_without_a_script(draft: Study, as_user: SignIn) -> None:
    files = [upload("a.wav", tone()), upload("bad.wav", b"text " * 20), upload("b.ogg", tone(kind="OGG"))]
    page = as_user(draft.owner).post(reverse("study_clips", args=[draft.slug]), {"files": files}, follow=True)
    assert "2 clips added." in page.text
    assert "bad.wav is a text file" in page.text
    assert draft.clips.count() == 2


def test_an_upload_by_script_returns_the_clips_row_or_its_problem(draft: Study, as_user: SignIn) -> None:
    browser = as_user(draft.owner)
    url = reverse("study_clips", args=[draft.slug])
    good = browser.post(url, {"files": upload("a.wav", tone())}, headers={"accept": "application/json"}).json()
    assert good["files"][0]["ok"]
    assert "a.wav" in good["files"][0]["row"]
    odd = upload("odd.wav", tone(pitch=300)[:40] + b"\xff\xff\xff\xff" + tone(pitch=300)[44:])
    noted = browser.post(url, {"files": odd}, headers={"accept": "application/json"}).json()
    assert "Its header gives no length: 2.0 s are there." in noted["files"][0]["row"]
    assert "Its header gives no length: 2.0 s are there." in browser.get(url).text
    bad = browser.post(url, {"files": upload("a.wav", tone())}, headers={"accept": "application/json"}).json()
    assert "the study has a clip of this name" in bad["files"][0]["problem"]


def test_clips_of_another_study_are_out_of_reach(draft: Study, owner: Any, as_user: SignIn, stranger: Any) -> None:
    other = make_study(clips=1, owner=stranger)
    clip = other.clips.get()
    browser = as_user(owner)
    assert browser.get(reverse("clip_audio", args=[other.slug, clip.pk])).status_code == 404
    assert browser.get(reverse("clip_audio", args=[draft.slug, clip.pk])).status_code == 404
    picture = [clip.number, image_key(clip.stimuli.first()), "preview"]
    assert browser.get(reverse("generation_image", args=[draft.slug, *picture])).status_code == 404
    assert as_user(stranger).get(reverse("generation_image", args=[other.slug, *picture])).status_code == 200
    assert browser.post(reverse("clip_change", args=[draft.slug, clip.pk, "delete"])).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("", 200, slice(None)),
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=0-99999999", 206, slice(None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=5-2", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
    ],
)
def test_sound_is_sent_in_the_requested_range(
    asked: str, status: int, part: slice, owner: Any, as_user: SignIn
) -> None:
    study = make_study(clips=1, owner=owner)
    clip = study.clips.get()
    with clip.audio.open("rb") as file:
        whole = file.read()
    answer = as_user(owner).get(reverse("clip_audio", args=[study.slug, clip.pk]), headers={"range": asked})
    assert answer.status_code == status
    assert b"".join(answer) == whole[part]
    assert answer["Accept-Ranges"] == "bytes"
    assert "private" in answer["Cache-Control"]


@pytest.mark.usefixtures("read_here")
def test_a_refused_table_lists_its_faults_and_an_accepted_one_its_counts(draft: Study, as_user: SignIn) -> None:
    browser = as_user(draft.owner)
    browser.post(reverse("study_clips", args=[draft.slug]), {"files": upload("a.wav", tone())})
    url = reverse("study_tags", args=[draft.slug])
    page = browser.post(url, {"file": upload("tags.csv", b"clip,tags\nb.wav,piano\n")})
    assert page.status_code == 400
    assert "Nothing was imported." in page.text
    assert "tags.csv, row 2: unknown clip “b.wav”" in page.text
    content = "clip,tags\na.wav,피아노\n".encode("cp949")
    page = browser.post(url, {"file": upload("tags.csv", content)}, follow=True)
    assert "Tags of 1 clip imported. The table was read as CP949." in page.text
    assert "Read as CP949, the table says, for example, “피아노”." in page.text


@pytest.mark.usefixtures("read_here")
def test_a_table_whose_encoding_is_not_clear_is_shown_in_each_and_a_person_chooses(
    draft: Study, as_user: SignIn
) -> None:
    browser = as_user(draft.owner)
    browser.post(reverse("study_clips", args=[draft.slug]), {"files": upload("a.wav", tone())})
    url = reverse("study_tags", args=[draft.slug])
    content = "clip,tags\na.wav,꿩;뱁\n".encode("cp949")
    page = browser.post(url, {"file": upload("tags.csv", content)})
    assert page.status_code == 400
    assert "tags.csv: the encoding is not clear; it may be" in page.text
    for name, line in (("CP949", "a.wav,꿩;뱁"), ("Windows-1252", "a.wav,²æ;¹í")):
        assert f"<dt>{name}</dt>" in page.text
        assert line in page.text
    page = browser.post(url, {"file": upload("tags.csv", content), "encoding": "utf-8"})
    assert "byte 17 is no text in UTF-8" in page.text
    browser.post(url, {"file": upload("tags.csv", content), "encoding": "cp949"})
    assert draft.clips.get().imported_tags == ["꿩", "뱁"]


def test_a_table_is_previewed_with_its_encoding_sample_rows_and_a_choice(draft: Study, as_user: SignIn) -> None:
    browser, url = as_user(draft.owner), reverse("tags_preview", args=[draft.slug])

    def preview(content: bytes, **chosen: str) -> str:
        return " ".join(browser.post(url, {"file": upload("t.csv", content), **chosen}).text.split())

    rows = "clip,tags\n" + "".join(f"{n}.wav,piano\n" for n in range(9)) + "x.wav,süß\n"
    page = preview(rows.encode("cp1252"))
    assert "would be read as <strong>Windows-1252</strong>" in page
    assert '<th scope="row" class="number quiet">11</th> <td>x.wav</td><td>süß</td>' in page
    assert 'data-encoding="cp949">CP949</button> <span>x.wav,s廻<br></span>' in page  # the choice
    utf8 = preview(rows.encode())
    assert "<strong>UTF-8</strong>" in utf8
    assert "data-encoding" not in utf8
    unclear = "clip,tags\na.wav,钢琴;安静\n".encode("gb18030")
    assert "the encoding is not clear" in preview(unclear)
    assert 'data-encoding="gb18030">GB18030</button> <span>a.wav,钢琴;安静<br></span>' in preview(unclear)
    assert "<td>a.wav</td><td>钢琴;安静</td>" in preview(unclear, encoding="gb18030")
    assert "the file is empty" in preview(b"\n,\n")
    assert "a quotation mark is opened" in preview(b'clip,tags\n"a,b\n')
    assert not draft.clips.exclude(imported_tags=[]).exists()


def test_tags_are_edited_by_form_and_by_script(draft: Study, as_user: SignIn) -> None:
    browser = as_user(draft.owner)
    browser.post(reverse("study_clips", args=[draft.slug]), {"files": upload("a.wav", tone())})
    url = reverse("clip_tags", args=[draft.slug, draft.clips.get().pk])
    assert browser.post(url, {"tags": "piano; slow"}).status_code == 302
    browser.post(url, {"tags": "피아노, lo-fi、静か，piano; piano\n"})
    assert draft.clips.get().imported_tags == ["피아노", "lo-fi", "静か", "piano", "piano"]
    answer = browser.post(url, {"tags": "fast"}, headers={"accept": "application/json"})
    assert (answer.json()["ok"], answer.json()["tags"]) == (True, ["fast"])
    refused = browser.post(url, {"tags": "x" * 99}, headers={"accept": "application/json"})
    assert refused.status_code == 409
    assert "Shorten it" in refused.json()["problem"]
    assert draft.clips.get().imported_tags == ["fast"]


def test_several_clips_are_left_out_after_one_page_that_names_what_happens(as_user: SignIn, owner: Any) -> None:
    study = make_study(clips=15, owner=owner)
    study.clips.filter(number=1).update(included=False, exclusion_reason="clipped")
    browser, url = as_user(owner), reverse("clips_change", args=[study.slug])
    chosen = {"action": "leave-out", "clip": list(study.clips.values_list("pk", flat=True))}
    asked = browser.post(url, chosen).text
    assert "14 clips" in asked
    assert "clip1.wav: is left out already" in asked
    assert "and 2 more" in asked
    assert study.clips.filter(included=True).count() == 14, "nothing happens before it is confirmed"
    refused = browser.post(url, chosen | {"confirmed": "1", "reason": " "})
    assert refused.status_code == 400
    assert "Give a reason" in refused.text
    done = browser.post(url, chosen | {"confirmed": "1", "reason": "too loud"}, follow=True).text
    assert "Leave out: done for 14 clips." in done
    assert "Not changed: clip1.wav is left out already." in done
    assert study.clips.filter(exclusion_reason="too loud").count() == 14


def test_without_a_choice_or_with_a_clip_that_is_gone_nothing_is_changed(as_user: SignIn, owner: Any) -> None:
    study = make_study(clips=2, owner=owner)
    browser, url = as_user(owner), reverse("clips_change", args=[study.slug])
    page = browser.post(url, {"action": "delete", "confirmed": "1"}, follow=True).text
    assert "Choose one or more clips first." in page
    sent = {"action": "delete", "confirmed": "1", "clip": [study.clips.first().pk, 10**9]}
    assert "no longer there" in browser.post(url, sent, follow=True).text
    assert study.clips.count() == 2


def test_a_clip_is_renamed_and_trimmed_on_its_page(as_user: SignIn, owner: Any) -> None:
    study = make_study(clips=2, owner=owner, seconds=4.0)
    clip = study.clips.get(number=1)
    browser, url = as_user(owner), reverse("clip_edit", args=[study.slug, clip.pk])
    page = browser.get(url).text
    assert page.count("<rect") == 2 + 60
    refused = browser.post(url, {"name": "clip2.wav", "start": "3.5", "end": ""})
    assert "The study has a clip named clip2.wav already" in refused.text
    refused = browser.post(url, {"name": "new.wav", "start": "3.5", "end": ""})
    assert "at least one second" in refused.text
    assert study.clips.get(number=1).name == "clip1.wav"
    page = browser.post(url, {"name": "new.wav", "start": "1.5", "end": ""}, follow=True).text
    assert "new.wav is saved." in page
    assert "from 1.5 s to 4 s" in page
    assert study.clips.get(number=1).excerpt == (1500, 4000)
    assert browser.get(url).text.count("<rect") == 2 + 60, "the outline is that of the file"
