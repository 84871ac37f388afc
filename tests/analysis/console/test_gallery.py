"""A study's public gallery: who switches it on, what it shows to anybody, and when it shows nothing."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from analysis.models import Analysis, Gallery
from analysis.study_results.analyses import build_analysis
from analysis.study_results.gallery import SWITCHED_OFF, SWITCHED_ON, blinded_with_its_images, switch_off, switch_on
from study.errors import NotAllowedNow
from study.models import Role, Stimulus, Study
from study.participants.withdrawal import withdraw
from study.setup.copying import copy_study
from tests.analysis.answered_instruments import instrument_study
from tests.analysis.answered_studies import close, closed_study
from tests.config.addresses import body, browser
from tests.factories import UserFactory, make_open_study

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'
SCALE = {"key": "match", "steps": 7, "text": {"en": "How well does it match?"}}
RATINGS = {"questions": [{"kind": "rate", "key": "r", "of": "images", "scales": [SCALE]}]}
PAIRS = {"questions": [{"kind": "pair", "key": "which", "tie": True}]}


def analysed(study: Study, **choices: bool) -> Study:
    """Analyse the study and switch its gallery on, with images unless something else is chosen."""
    build_analysis(study)
    switch_on(study, actor=study.owner, **({"images": True} | choices))
    return study


def address_of(study: Study) -> str:
    return reverse("gallery", args=[study.slug])


def seen(study: Study, query: str = "", **headers: str) -> str:
    """The text of the gallery's page as a visitor reads it."""
    page = Client(HTTP_ACCEPT_LANGUAGE="en").get(address_of(study) + query, **headers)
    assert page.status_code == 200
    return " ".join(page.text.split())


def is_gone(study: Study) -> bool:
    """Whether every address of the gallery looks like one that never existed."""
    nowhere, clip = Client().get("/gallery/no-such-study/"), study.clips.first()
    image = f"{address_of(study)}{clip.number}/{study.conditions.first().key}.webp"
    found = [Client().get(path) for path in (address_of(study), image, f"{address_of(study)}{clip.number}/sound.mp3")]
    return all((answer.status_code, answer.content) == (404, nowhere.content) for answer in found)


def numbers_in(page: str) -> list[str]:
    """The mean of each image of the page, in its order."""
    return re.findall(r'class="gallery-number"> <strong>([^<]+)', page)


def test_anybody_sees_what_was_chosen_and_nothing_of_the_console() -> None:
    study = closed_study(people=6, clips=3, title=f"Zither {HOSTILE}", institution=HOSTILE)
    study.clips.filter(number=1).update(name=f"{HOSTILE}.wav", imported_tags=[HOSTILE, "zither"])
    Stimulus.objects.filter(clip__study=study).update(provenance={"prompt": f"a zither {HOSTILE}", "seed": 7})
    study.plan |= {"reporting": {"data_link": "javascript:alert(1)"}}
    study.save()
    analysed(study)
    visitor = Client(HTTP_ACCEPT_LANGUAGE="en")
    answer = visitor.get(address_of(study))
    page = answer.text
    assert answer.status_code == 200
    assert not visitor.cookies
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert 'name="robots"' in page
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert "/console/" not in page.replace("/static/css/console/", "")
    assert HOSTILE not in page
    assert "javascript:" not in page
    assert "Mina Kim" in page
    assert "mina@example.org" not in page
    assert "Which image fits this music best?" in page
    assert "Redefined tags" in page
    assert "of the 4 points an answer can give" in page
    assert page.count("<img") == 12
    assert "zither" not in page.replace("Zither", "")  # neither prompts nor tags
    assert ".wav" not in page
    assert "<audio" not in page
    assert not [word for word in re.findall(r"r\d{4}\b", page) if word != "r0001"], "codes of participants"
    lead = re.findall(r'class="gallery-answer"> ?<strong>(.*?)</strong>', page)
    assert len(lead) == 1, "the sentence that answers stands out"
    assert "of the 4 points an answer can give" in lead[0]
    assert "are advised." not in lead[0], "what it does not say follows"
    assert "are advised." in page
    assert "who made it" not in page
    switch_off(study, actor=study.owner)
    switch_on(study, actor=study.owner, names=True, prompts=True, indexed=True)
    study.plan |= {"publication": {"creators": [{"family": f"Maker {n}."} for n in range(9)]}}
    study.save()
    shown = visitor.get(address_of(study))
    before, _summary, folded = shown.text.partition("All 9 who made it")
    assert "Maker 2." in before
    assert "Maker 3." not in before, "a long list of names does not push the answer away"
    assert "Maker 8." in folded
    assert "X-Robots-Tag" not in shown.headers
    assert 'name="robots"' not in shown.text
    assert "<img" not in shown.text
    assert shown.text.count("a zither &lt;script&gt;") == 12
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;.wav" in shown.text
    assert HOSTILE not in shown.text
    assert visitor.get(f"{address_of(study)}1/redefined_tags.webp").status_code == 404
    korean = Client(HTTP_ACCEPT_LANGUAGE="ko").get(address_of(study)).text
    assert '<html lang="ko"' in korean
    assert "클립 1" in korean
    assert "Clip 1" in Client(HTTP_ACCEPT_LANGUAGE="ko").get(address_of(study) + "?language=en").text


def test_images_are_written_anew_in_few_sizes_and_sounds_need_a_licence() -> None:
    study = closed_study(people=5, clips=2)
    clip = study.clips.get(number=1)
    stimulus = clip.stimuli.get(condition__key="redefined_tags")
    told, file = PngInfo(), io.BytesIO()
    told.add_text("parameters", "a secret prompt")
    Image.new("RGB", (64, 64), "teal").save(file, "PNG", pnginfo=told)
    stimulus.image.save("image.png", ContentFile(file.getvalue()))
    analysed(study)
    visitor, path = Client(), f"{address_of(study)}1/redefined_tags.webp"
    image = visitor.get(path)
    assert image.headers["Content-Type"] == "image/webp"
    assert b"secret" not in image.content
    assert Image.open(io.BytesIO(image.content)).size == (64, 64)
    assert image.headers["Cache-Control"] == "private, max-age=300"
    assert stimulus.image.name.split("/")[-1].split(".")[0] not in str(image.headers)
    assert visitor.get(path, headers={"If-None-Match": image.headers["ETag"]}).status_code == 304
    assert visitor.head(path).status_code == 200
    assert visitor.get(f"{path}?w=64").content == image.content
    for wrong in (f"{path}?w=65", f"{path}?w=x", path.replace("/1/", "/9/"), path.replace("tags.", "words.")):
        assert visitor.get(wrong).status_code == 404, wrong
    assert visitor.post(path).status_code == 405
    sound = f"{address_of(study)}1/sound.mp3"
    study.clips.filter(number=1).update(licence="CC-BY-4.0", sound_may_be_published=True)
    assert visitor.get(sound).status_code == 404  # of this gallery no sounds were chosen
    assert "<audio" not in seen(study)
    Gallery.objects.update(sounds=True)
    assert seen(study).count("<audio") == 1
    assert "CC-BY-4.0" in seen(study)
    assert visitor.get(sound.replace("/1/", "/2/")).status_code == 404
    whole = visitor.get(sound)
    part = visitor.get(sound, headers={"Range": "bytes=0-99"})
    assert (part.status_code, body(part)) == (206, body(whole)[:100])
    assert visitor.get(sound, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert not visitor.cookies


def test_it_is_off_until_the_owner_switches_it_on_and_off_at_once() -> None:
    study = closed_study(people=5, clips=1)
    study.memberships.create(user=UserFactory(username="teammate"), role=Role.EDITOR)
    page, off = (reverse(name, args=[study.slug]) for name in ("study_gallery", "study_gallery_off"))
    owner, teammate = browser(study.owner), browser(study.members.get())
    assert owner.get(page).status_code == 404  # no analysis
    with pytest.raises(NotAllowedNow, match="analyse the answers first"):
        switch_on(study, actor=study.owner)
    build_analysis(study)
    assert is_gone(study)
    assert "Make it public" in owner.get(page).text
    assert "Only" in teammate.get(page).text
    assert [teammate.post(path, {"images": "on"}).status_code for path in (page, off)] == [403, 403]
    assert browser(UserFactory()).post(page).status_code == 404
    assert not Gallery.objects.exists()
    made = owner.post(page, {"images": "on"}, follow=True)
    assert "The gallery is public" in made.text
    gallery = Gallery.objects.get()
    assert [gallery.images, gallery.names, gallery.prompts, gallery.indexed] == [True, False, False, False]
    assert not is_gone(study)
    assert "Switch it off first" in owner.post(page, {"names": "on"}).text
    assert not Gallery.objects.get().names
    copy = copy_study(study, title="A copy", owner=study.owner)
    assert not Gallery.objects.filter(study=copy).exists()
    assert "A copy" in owner.get(page).text  # the draft that would be unblinded
    owner.post(off)
    assert is_gone(study)
    entries = study.log.filter(action__startswith="gallery").order_by("pk")
    assert [(entry.action, entry.actor) for entry in entries] == [
        (SWITCHED_ON, study.owner),
        (SWITCHED_OFF, study.owner),
    ]
    assert entries[0].data == {"shows": ["images"]}
    switch_on(study, actor=study.owner)
    Study.objects.filter(pk=study.pk).update(closed_at=timezone.now(), grace_minutes=60)
    assert is_gone(study)
    study.refresh_from_db()
    with pytest.raises(NotAllowedNow, match="sealed"):
        switch_on(study, actor=study.owner)


def test_after_a_withdrawal_it_shows_no_numbers_until_the_answers_are_analysed_again() -> None:
    study = analysed(closed_study(people=7, clips=2))
    assert len(numbers_in(seen(study))) == 8
    withdraw(study.participants.first())
    page = seen(study)
    assert numbers_in(page) == []
    assert "to be analysed anew" in page
    assert "points an answer" not in page
    assert page.count("<img") == 8
    assert "somebody has withdrawn" in browser(study.owner).get(reverse("study_gallery", args=[study.slug])).text
    study.refresh_from_db()
    build_analysis(study)
    assert len(numbers_in(seen(study))) == 8


def test_it_is_hidden_while_people_judge_its_images_in_another_study() -> None:
    study = analysed(closed_study(people=5, clips=2, title="First"))
    other = make_open_study(clips=2, owner=study.owner)  # images of its own
    assert not blinded_with_its_images(study)
    copy = copy_study(study, title="Follow-up", owner=UserFactory())
    assert not is_gone(study)
    Study.objects.filter(pk=copy.pk).update(status=Study.Status.OPEN, opened_at=timezone.now())
    assert is_gone(study)
    page = browser(study.owner).get(reverse("study_gallery", args=[study.slug])).text
    assert "a study of somebody else" in page
    assert "Follow-up" not in page
    switch_off(study, actor=study.owner)
    with pytest.raises(NotAllowedNow, match="a study of somebody else"):
        switch_on(study, actor=study.owner, images=True)
    copy.memberships.create(user=study.owner, role=Role.READER)
    with pytest.raises(NotAllowedNow, match="Follow-up"):
        switch_on(study, actor=study.owner, images=True)
    Study.objects.filter(pk=copy.pk).update(
        status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=9), grace_minutes=60
    )
    switch_on(study, actor=study.owner, images=True)
    assert not is_gone(study)
    # The same picture, uploaded again.
    Stimulus.objects.filter(clip__study=study).update(image_digest="a" * 64)
    Stimulus.objects.filter(clip=other.clips.first()).update(image_digest="a" * 64)
    assert is_gone(study)


def test_a_rehearsal_has_none_and_a_simulated_study_says_what_it_is() -> None:
    study = analysed(closed_study(people=5, clips=1))
    rehearsal = closed_study(people=5, clips=1, owner=study.owner)
    build_analysis(rehearsal)
    Study.objects.filter(pk=rehearsal.pk).update(rehearsal_of=study)
    rehearsal.refresh_from_db()
    with pytest.raises(NotAllowedNow, match="rehearsal"):
        switch_on(rehearsal, actor=study.owner)
    Gallery.objects.create(study=rehearsal)
    assert is_gone(rehearsal)
    Study.objects.filter(pk=study.pk).update(simulated=True)
    assert "These results are no findings." in seen(study)


def test_clips_that_were_left_out_or_for_practice_and_few_answers_are_not_shown() -> None:
    study = closed_study(people=5, clips=4)
    study.clips.filter(number=1).update(included=False)
    study.clips.filter(number=2).update(is_practice=True)
    analysed(study)
    page = seen(study)
    assert re.findall(r'id="clip-(\d)"', page) == ["3", "4"]
    assert [Client().get(f"{address_of(study)}{n}/redefined_tags.webp").status_code for n in (1, 2, 3)] == [
        404,
        404,
        200,
    ]
    few = analysed(closed_study(people=4, clips=1))
    page = seen(few)
    assert numbers_in(page) == []
    assert page.count("too few answers to show") == 4
    # Answers that changed since the analysis are in no gallery that is switched on now.
    switch_off(few, actor=few.owner)
    few.participants.filter(number=few.participants.first().number).update(excluded=True)
    with pytest.raises(NotAllowedNow, match="analyse again first"):
        switch_on(few, actor=few.owner)


@pytest.mark.parametrize(
    ("instrument", "unit", "number"),
    [(RATINGS, "mean rating on “match” (1 to 7)", r"\d\.\d\d"), (PAIRS, "share of comparisons won", r"\d+ %")],
    ids=["ratings", "pairs"],
)
def test_other_main_questions_have_numbers_of_their_own(instrument: dict[str, Any], unit: str, number: str) -> None:
    study = analysed(instrument_study(instrument, people=6, clips=3))
    page, found = seen(study), study.analyses.get().result
    assert unit in page
    shown = numbers_in(page)
    assert len(shown) == 12
    assert all(re.fullmatch(number, text) for text in shown)
    block = found["questions"][found["primary_question"]]
    row = block["by_clip"][study.clips.get(number=1).name]
    means = [row[key] for key in found["conditions"]]
    written = [f"{100 * mean:.0f} %" if instrument is PAIRS else f"{mean:.2f}" for mean in means]
    assert shown[:4] == written
    bars = [float(width) for width in re.findall(r'<rect width="([\d.]+)%"', page)]
    assert all(0 <= width <= 100 for width in bars)


def test_clips_are_sorted_and_chosen_by_the_address_in_as_many_queries_for_few_as_for_many() -> None:
    study = analysed(closed_study(people=5, clips=3))
    analysis = study.analyses.get()
    keys = analysis.result["conditions"]
    points = {"clip1.wav": (15, 0, 5, 0), "clip2.wav": (0, 10, 6, 4), "clip3.wav": (5, 5, 5, 5)}
    analysis.result |= {"by_clip": {name: dict(zip(keys, row, strict=True)) for name, row in points.items()}}
    analysis.result |= {"shown_by_clip": {name: dict.fromkeys(keys, 5) for name in points}}
    analysis.save()

    def clips(query: str) -> list[str]:
        return re.findall(r'id="clip-(\d)"', seen(study, query))

    assert clips("") == ["1", "2", "3"]
    assert clips("?sort=difference") == ["1", "2", "3"]
    assert clips("?sort=redefined_sentence") == ["2", "3", "1"]
    assert clips("?ahead=redefined_tags") == ["1"]  # not clip 3, where all are equal
    assert clips("?ahead=original_tags") == []
    assert clips("?sort=nonsense&ahead=%3Cb%3E&page=99&language=xx") == ["1", "2", "3"]
    assert numbers_in(seen(study))[:4] == ["3.00", "0.00", "1.00", "0.00"]

    def queries(of: Study, query: str = "") -> int:
        with CaptureQueriesContext(
            connection,
        ) as made:
            Client().get(address_of(of) + query)
        return len(made)

    many = close(make_open_study(clips=30, conditions=6))
    Analysis.objects.create(study=many, state=Analysis.State.READY, result=analysis.result)
    Gallery.objects.create(study=many, images=True, prompts=True)
    Study.objects.filter(pk__in=(study.pk, many.pk)).update(survey_images={})
    make_open_study(clips=1)
    assert queries(many) == queries(study) == queries(many, "?sort=difference&page=2")
    page = seen(many)
    assert "Clips 1 to 24 of 30" in page
    assert page.count("<img") == 24 * 6
    assert page.count('width="64"') == page.count('loading="lazy"') == 24 * 6
    sorted_page = seen(many, "?sort=difference&language=en")
    assert 'href="?page=2&amp;sort=difference&amp;language=en#clips-title"' in sorted_page
