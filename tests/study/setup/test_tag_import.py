"""A table of tags is imported whole or not at all."""

import lzma
import tracemalloc
from typing import Any

import pytest

from study.errors import ImportRefused, NotAllowedNow
from study.models import Clip, Study
from study.setup.tag_import import import_tags, set_tags, template_csv
from study.setup.tag_table import read_tags, split_tags
from study.tables.reading import table_of_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(draft: Study) -> Study:
    for number, name in enumerate(["a.wav", "b.mp3", "음악.flac"], start=1):
        Clip.objects.create(
            study=draft,
            number=number,
            name=name,
            audio="x.wav",
            audio_digest=f"{number:064d}",
            duration=2,
            sample_rate=16000,
            imported_tags=["old"],
        )
    return draft


def tags(study: Study) -> dict[str, list[str]]:
    return {clip.name: clip.imported_tags for clip in study.clips.all()}


def refusal(study: Study, content: str | bytes, **options: Any) -> list[str]:
    """The problems that `content` is refused with; and nothing was imported."""
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ImportRefused) as refused:
        import_tags(study, raw, file="tags.csv", **options)
    assert set(map(tuple, tags(study).values())) == {("old",)}
    assert not study.log.filter(action="tags imported").exists()
    return refused.value.problems


LIST = 'clip,tags\na.wav,piano; slow ;piano\n음악.flac,"sad;no voice"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_list_is_read_in_each_encoding(study: Study, encoding: str) -> None:
    import_tags(study, LIST.encode(encoding), file="tags.csv")
    assert tags(study) == {
        "a.wav": ["piano", "slow", "piano"],
        "b.mp3": ["old"],
        "음악.flac": ["sad", "no voice"],
    }


@pytest.mark.parametrize(
    "content",
    [
        "clip;tags\na.wav;piano;slow\n",
        'clip;tags\na.wav;"piano;slow"\n',
        "clip\ttags\na.wav\tpiano;slow\n",
        "Clip,Tags\r\n\r\na.wav,piano;slow\r\n",
        'tags,clip\n"piano;slow",a.wav\n',
        "TRACK_ID\tPATH\tDURATION\tTAGS\ntrack_1\t48/a.wav\t9.1\tpiano\tslow\n",
        "clip,tags\na.wav,instrument---piano;mood/theme---slow;genre---piano\n",
        "clip,instrument---piano,Theme---slow\na.wav,1,1\n",
        "clip,piano,slow,techno\na.wav,1,1,0\n",
        "clip;techno;piano;slow\na.wav;;1;1.0\n",
        "sep=;\nclip;piano;slow\na.wav;1;1\n",
        "clip,piano,slow,,\n,,,,\na.wav,1,1,,\n,,,,\n",
        ",clip,piano,,slow\n1,a.wav,1,,1\n2,b.mp3,0,,0\n",
        " Clip ,Tags\n a.wav\u00a0,pia\u200bno;slow\nb.mp3,NA\n",
        '"clip_id"\t"piano"\t"slow"\t"mp3_path"\r\n"2"\t"1"\t"1"\t"f/a.mp3"\r\n',
    ],
)
def test_each_layout_is_read_with_each_delimiter(study: Study, content: str) -> None:
    import_tags(study, content.encode(), file="tags.csv")
    assert tags(study)["a.wav"] == ["piano", "slow"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("clip,tags\na.wav,piano\nz.mp3,slow\n", "tags.csv, row 3: unknown clip “z.mp3”; upload it first"),
        ("clip,tags\na.wav,piano\na.wav,slow\n", "tags.csv, row 3: “a.wav” is in row 2 already"),
        ("clip,tags\na.wav,piano\nA.mp3,slow\n", "tags.csv, row 3: “A.mp3” is in row 2 already"),
        ("song,tags\na.wav,piano\n", "tags.csv, row 1: there is no column “clip”"),
        ("clip\na.wav\n", "tags.csv, row 1: there is no column “tags”"),
        ("clip,piano,piano\na.wav,1,0\n", "the column “piano” appears twice"),
        ("clip,piano\na.wav,yes\n", "tags.csv, row 2: column “piano”: “yes” is neither 0 nor 1"),
        ("clip,tags\na.wav,piano,slow\n", "tags.csv, row 2: 3 fields where the header has 2. Separate tags"),
        ('clip,tags\na.wav,"piano,slow"\n', "“piano,slow” looks like several tags"),
        ("clip,tags\na.wav,피아노，느린\n", "“피아노，느린” looks like several tags"),
        ("clip,piano,slow\na.wav,1\n", "tags.csv, row 2: 2 fields where the header has 3"),
        (f"clip,tags\na.wav,{'x' * 61}\n", "has 61 characters; the limit is 60. Shorten it."),
        (f"clip,tags\na.wav,{';'.join(str(n) for n in range(101))}\n", "a.wav has 101 tags; the limit is 100"),
        ("clip,tags\n,piano\n", "tags.csv, row 2: no clip is named"),
        ('\nclip,tags\n\na.wav,"pia\nno"\n,\nz,x\n', "tags.csv, row 6: unknown clip “z”"),
        ("clip,,piano\na.wav,x,1\n", "tags.csv, row 2: “x” is in column 2, which has no name"),
        ("\n\nclip,piano,Piano\na.wav,1,1\n", "tags.csv, row 3: the column “piano” appears twice"),
        ("clip,piano\na.wav,NA\n", "tags.csv, row 2: column “piano”: “NA” is neither 0 nor 1"),
        ('clip,tags\na.wav,"piano\n', "a quotation mark is opened and not closed"),
        ("", "tags.csv is empty"),
        ("clip,tags\n", "names no clip of this study"),
        (b"PK\x03\x04\x00\x00\xff\xfe\x00", "the spreadsheet cannot be read"),
    ],
)
def test_a_fault_is_named_and_nothing_is_imported(study: Study, content: str | bytes, said: str) -> None:
    assert said in " ".join(refusal(study, content))


def test_all_faults_are_listed_up_to_a_readable_number(study: Study) -> None:
    rows = "".join(f"z{n}.wav,piano\n" for n in range(50))
    problems = refusal(study, "clip,tags\na.wav,piano\n" + rows)
    assert len(problems) == 31
    assert problems[-1] == "… and 20 more problems."


def test_a_clip_name_without_suffix_must_be_unambiguous(study: Study) -> None:
    Clip.objects.create(
        study=study,
        number=9,
        name="a.flac",
        audio="x",
        audio_digest="9",
        duration=2,
        sample_rate=8000,
        imported_tags=["old"],
    )
    assert "may be a.wav or a.flac" in refusal(study, "clip,tags\na,piano\n")[0]
    import_tags(study, b"clip,tags\na.flac,piano\n", file="tags.csv")
    assert tags(study)["a.flac"] == ["piano"]


def test_rows_about_other_clips_can_be_skipped(study: Study) -> None:
    table = import_tags(study, b"clip,piano\nz.wav,nonsense\nb.mp3,1\n", file="t.csv", skip_unknown=True)
    assert (table.skipped, tags(study)["b.mp3"]) == (1, ["piano"])


def test_an_open_study_keeps_its_tags(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    with pytest.raises(NotAllowedNow):
        import_tags(study, LIST.encode(), file="tags.csv")
    with pytest.raises(NotAllowedNow):
        set_tags(study.clips.first(), ["piano"])


def test_one_clips_tags_are_edited_with_before_and_after_in_the_log(study: Study, owner: Any) -> None:
    clip = study.clips.get(name="a.wav")
    set_tags(clip, split_tags(" slow   piano ;; Calm;"), actor=owner)
    assert tags(study)["a.wav"] == ["slow piano", "Calm"]
    assert study.log.get(action="tags edited").data == {
        "clip": "a.wav",
        "before": ["old"],
        "after": ["slow piano", "Calm"],
    }
    with pytest.raises(ImportRefused, match="Shorten it"):
        set_tags(clip, ["x" * 61])


def test_the_template_can_be_imported_as_it_is(study: Study) -> None:
    before = tags(study)
    import_tags(study, template_csv(list(study.clips.all())).encode(), file="template.csv")
    assert tags(study) == before


def test_the_whole_file_of_magnatagatune_is_read(study: Study, shared_data: Any) -> None:
    for number, name in enumerate(sorted(file.name for file in (shared_data / "clips").iterdir()), start=10):
        Clip.objects.create(
            study=study,
            number=number,
            name=name,
            audio="x",
            audio_digest=str(number),
            duration=29,
            sample_rate=16000,
        )
    raw = lzma.decompress((shared_data / "mtat" / "annotations_final.csv.xz").read_bytes())
    table = import_tags(study, raw, file="annotations_final.csv", skip_unknown=True)
    found = {name[:6]: set(row) for name, row in tags(study).items()}
    assert len(table.tags) == 3
    assert found["joram-"] == {"no singer", "techno"}
    assert {"no voice", "voice", "flute", "ambient"} <= found["tilopa"]
    assert found["arthur"] == {"female", "female vocal", "woman", "singing", "english"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str, study: Study) -> None:
    text = end.join(["clip,tags", 'a.wav,"piano;slow"', "", "b.mp3,rock", ""])
    table = read_tags(table_of_text(text, "tags.csv"), list(study.clips.all()))
    assert sorted(table.tags.values()) == [["piano", "slow"], ["rock"]]


def test_a_whole_data_sets_table_is_not_held_many_times_over(study: Study) -> None:
    """The web process takes MagnaTagATune's 20 MB in stride; a StringIO alone would hold four bytes a character."""
    header = "clip," + ",".join(f"tag{n}" for n in range(188))
    text = header + "\n" + "".join(f"other{n}.mp3{',0' * 188}\n" for n in range(5000)) + "a.wav,1" + ",0" * 187 + "\n"
    tracemalloc.start()
    try:
        table = read_tags(table_of_text(text, "tags.csv"), list(study.clips.all()), skip_unknown=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert list(table.tags.values()) == [["tag0"]]
    assert peak < len(text)


def test_prefixes_are_counted_and_edited_tags_lose_them_too(study: Study) -> None:
    raw = b"clip,tags\na.wav,genre---rock;genre---;a---b;slow;mood---slow\n"
    table = import_tags(study, raw, file="tags.csv")
    assert table.prefixes == 2
    assert tags(study)["a.wav"] == ["rock", "genre---", "a---b", "slow"]
    clip = study.clips.first()
    assert clip is not None
    set_tags(clip, ["genre---rock", "rock", "genre: rock"])
    assert clip.imported_tags == ["rock", "genre: rock"]
