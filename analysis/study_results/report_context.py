"""What a study's report shows beside the numbers: names, images, facts, deviations, checklists."""

import base64
from io import BytesIO

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from PIL import Image

from analysis.models import Analysis
from analysis.report import ClipView, ReportContext
from analysis.report.context import condition_views
from analysis.statistics.ballots import natural_key
from analysis.study_results.checklists import Checklists, filled_checklists
from analysis.study_results.deviations import deviations
from analysis.study_results.participant_flow import flow_stages, other_stages_in_words
from analysis.study_results.question_views import asked_in_words, question_views, trial_details
from analysis.study_results.sentence_counts import sentence_counts, sentence_details, sentence_notice
from analysis.study_results.who_took_part import answer_labels, who_took_part
from study import texts
from study.models import Stimulus, Study
from study.participants.flag_words import rules_in_words
from study.participants.rewards import pay_reported
from study.setup.making_facts import making_facts


def report_context(
    analysis: Analysis, language: str, checklists: Checklists | None = None, *, with_images: bool = True
) -> ReportContext:
    """The context of a study's report in `language`.

    Args:
        checklists: the filled checklists in that language; None: they are filled here.
    """
    study = analysis.study
    conditions = list(study.conditions.order_by("number"))
    with translation.override(language):
        counts = sentence_counts(study)
        views = condition_views(
            [row.key for row in conditions],
            {row.key: _(row.label) for row in conditions},
            {row.key: row.levels for row in conditions},
        )
        return ReportContext(
            title=study.title,
            conditions=views,
            clips=_clips(study, with_images),
            facts=_facts(study),
            notices=notices(study) + sentence_notice(counts),
            mark=_("SIMULATED: no findings") if study.simulated else "",
            language=language,
            versions=analysis.versions,
            flow=flow_stages(analysis.flow),
            exclusion_rules=rules_in_words(study),
            people=who_took_part(study),
            answer_labels=answer_labels(study),
            questions=question_views(study),
            asked=asked_in_words(study),
            making=making_facts(study),
            details=_details(study) + _other_stages(analysis) + sentence_details(counts),
            deviations=deviations(study, analysis),
            checklists=_checklists(filled_checklists(study, analysis) if checklists is None else checklists),
        )


def _checklists(checklists: Checklists) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (name, [(entry.item.number, str(entry.item.title), entry.answer) for entry in entries])
        for name, entries in checklists
    ]


def notices(study: Study) -> list[str]:
    """Warnings that every page with results must show: simulated answers, images by the sketch painter."""
    found = []
    if study.simulated:
        found.append(_("Simulated: the answers come from simulated participants. These results are no findings."))
    if Stimulus.objects.filter(clip__study=study, painter="sketch").exists():
        found.append(
            _(
                "The images were drawn by Earsight's built-in sketch painter, not by an image model: the results "
                "say nothing about image models."
            )
        )
    return found


def _clips(study: Study, with_images: bool) -> list[ClipView]:
    views = []
    clips = study.clips.filter(included=True, is_practice=False).prefetch_related("stimuli__condition")
    for clip in sorted(clips, key=lambda clip: natural_key(clip.name)):
        images = {}
        if with_images:
            images = {row.condition.key: _data_url(row) for row in clip.stimuli.all() if row.preview or row.image}
        views.append(ClipView(str(clip.name), clip.name.rpartition(".")[0] or clip.name, images))
    return views


def _data_url(stimulus: Stimulus) -> str:
    """A small JPEG copy of the image as a data URL."""
    with (stimulus.preview or stimulus.image).open("rb") as file, Image.open(file) as image:
        small = image.convert("RGB")
        small.thumbnail((136, 136))
    out = BytesIO()
    small.save(out, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def _facts(study: Study) -> list[str]:
    facts = []
    if study.closed_at:
        facts.append(_("closed %(date)s") % {"date": date_format(study.closed_at, _("j M Y"))})
    if study.plan_digest:
        facts.append(_("plan fixed before opening, digest %(digest)s") % {"digest": study.plan_digest[:8]})
    return facts


def _images_as_shown(study: Study) -> list[tuple[str, str]]:
    """How participants got the images; nothing of a study that opened before this was recorded."""
    record = study.survey_images
    if not record:
        return []
    values = {
        "encoder": record["encoder"],
        "quality": record["quality"],
        "widths": ", ".join(map(str, record["page_widths"])),
        "size": f"{record['width']} × {record['height']}",
    }
    if record["lossless"]:
        text = _("WebP without loss, %(size)s pixels (%(encoder)s)")
    else:
        text = _("WebP of quality %(quality)d, %(widths)s pixels wide by the screen, %(size)s enlarged (%(encoder)s)")
    return [(_("Images as shown"), text % values)]


def _who_asked(study: Study) -> list[tuple[str, str]]:
    rows = [
        (_("Responsible"), texts.responsible_people(study)),
        (_("Ethics approval"), texts.ethics_sentence(study)),
    ]
    return [row for row in rows if row[1]]


def _other_stages(analysis: Analysis) -> list[tuple[str, str]]:
    words = other_stages_in_words(analysis.flow)
    return [(_("Other stages, not in the analysis"), words)] if words else []


def _details(study: Study) -> list[tuple[str, str]]:
    return [
        (_("Clips per participant"), str(study.trials_per_participant or _("all"))),
        *trial_details(study),
        *_images_as_shown(study),
        *(
            [(_("Headphone screening"), _("six sounds of three tones (Woods et al. 2017); five right pass"))]
            if study.headphone_check
            else []
        ),
        *_who_asked(study),
        *([(_("Reward"), reward)] if (reward := pay_reported(study)) else []),
        (_("Seed of the orders"), study.shown_seed),
        (_("Plan digest (SHA-256)"), study.plan_digest or "—"),
    ]
