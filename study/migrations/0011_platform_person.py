"""A person of a recruiting platform is one participant of a study, also for the database.

Of participants who share an id, the one who got furthest keeps it (completed first, then the earliest); the others
stay as they are, without it, and the study's log names them. Placeholders that were stored as ids identify nobody.
"""

import re

from django.db import migrations, models

# As in study/participants/recruiting.py when this was written.
PERSON_PARAMETER = {"prolific": "PROLIFIC_PID", "mturk": "workerId", "sona": "survey_code"}
SPELLING = {"prolific": str.lower, "mturk": str.upper}
PLACEHOLDER = re.compile(r"[{}$%<>\[\]|\"\\]")


def person_of(recruitment):
    for platform, name in PERSON_PARAMETER.items():
        text = str(recruitment.get(name, "")).strip()
        if text and not PLACEHOLDER.search(text) and text.lower() != name.lower():
            return f"{platform}:{SPELLING.get(platform, str)(text)}"
    return ""


def name_people(apps, schema_editor):
    participants, log = apps.get_model("study", "Participant"), apps.get_model("study", "LogEntry")
    held, doubled = {}, {}
    rows = participants.objects.exclude(recruitment={}).exclude(kind="pilot")
    done = models.Case(models.When(status="completed", then=0), default=1)
    for row in list(rows.order_by("study", done, "pk").only("study", "kind", "number", "recruitment")):
        person = person_of(row.recruitment)
        if not person:
            continue
        key = (row.study_id, person)
        if key in held:
            doubled.setdefault(row.study_id, {}).setdefault(held[key], []).append(f"{row.kind[0]}{row.number:04d}")
            continue
        held[key] = f"{row.kind[0]}{row.number:04d}"
        participants.objects.filter(pk=row.pk).update(platform_person=person)
    for study, people in doubled.items():
        log.objects.create(
            study_id=study,
            action="one platform id, several participants",
            data={"participant": "; ".join(" = ".join([first, *others]) for first, others in people.items())},
        )


class Migration(migrations.Migration):
    dependencies = [("study", "0010_what_the_server_saw")]

    operations = [
        migrations.AddField("participant", "platform_person", models.CharField(blank=True, max_length=100)),
        migrations.RunPython(name_people, migrations.RunPython.noop, elidable=False),
        migrations.AddConstraint(
            "participant",
            models.UniqueConstraint(
                condition=models.Q(("platform_person", ""), _negated=True),
                fields=("study", "platform_person"),
                name="platform_person_once",
            ),
        ),
        migrations.AddField("problemreport", "submission_key", models.UUIDField(null=True, unique=True)),
    ]
