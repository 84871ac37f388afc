"""Who answers to the participants of a study; studies that have opened keep the consent text that they showed."""

from django.db import migrations, models

# The text that shipped until now.
SHIPPED = {
    "en": (
        "You will hear short pieces of music and say which images fit them best. Taking part is "
        "voluntary and anonymous: we ask for no name and store no address. You can stop at any time, and "
        "you can have your answers erased with the receipt you get at the end.\n\n"
        "Your answers are stored and analysed for research, and may be published without anything that "
        "points to you, with times to the hour. With them we store your language and kind of device, "
        "when pages, sounds and images were opened, how long you took, and whether text was typed or "
        "pasted, to check the answers. If a recruiting platform sent you, its id is kept apart from your "
        "answers and erased once you are paid."
    ),
    "ko": (
        "짧은 음악을 듣고 가장 어울리는 이미지를 고르게 됩니다. 참여는 자발적이며 익명입니다. 이름을 묻지 않고 접속 주소도 저장하지 않습니다. 언제든 그만둘 수 있고, 끝날 때 "
        "받는 참여 확인 코드로 답을 지울 수 있습니다.\n\n"
        "답은 연구를 위해 저장되고 분석되며, 참가자를 알 수 있는 정보 없이 시각은 한 시간 단위로만 공개될 수 있습니다. 답을 확인하기 위해 사용한 언어와 기기 종류, 페이지와 "
        "소리, 이미지를 연 시각과 걸린 시간, 글을 직접 입력했는지 붙여 넣었는지도 함께 저장합니다. 모집 플랫폼을 거쳐 오셨다면 플랫폼의 ID는 답과 따로 보관하고 사례를 드린 "
        "뒤 지웁니다."
    ),
}


def keep_texts(apps, schema_editor):
    """Store the consent text of studies that have opened, as studies that open from now on do by themselves."""
    studies = apps.get_model("study", "Study").objects.exclude(status="draft")
    for study in studies.only("plan", "consent_text").iterator():
        own = study.consent_text or {}
        texts = {language: own.get(language, "").strip() or shipped for language, shipped in SHIPPED.items()}
        study.plan = study.plan | {"consent": texts}
        study.save(update_fields=["plan"])


class Migration(migrations.Migration):
    dependencies = [("study", "0021_excluded_people")]

    operations = [
        migrations.AddField(
            model_name="study",
            name="researcher",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="responsible researcher"),
        ),
        migrations.AddField(
            model_name="study",
            name="institution",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="institution"),
        ),
        migrations.AddField(
            model_name="study",
            name="contact",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="contact address"),
        ),
        migrations.AddField(
            model_name="study",
            name="ethics",
            field=models.CharField(
                blank=True,
                choices=[
                    ("approved", "an ethics board has approved the study"),
                    ("none", "no ethics board has approved it"),
                ],
                default="",
                max_length=10,
                verbose_name="ethics approval",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="ethics_board",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="ethics board"),
        ),
        migrations.AddField(
            model_name="study",
            name="ethics_number",
            field=models.CharField(blank=True, default="", max_length=100, verbose_name="number of the approval"),
        ),
        migrations.AddField(
            model_name="study",
            name="ethics_reason",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="why there is no approval"),
        ),
        migrations.RunPython(keep_texts, migrations.RunPython.noop),
    ]
