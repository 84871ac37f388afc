"""Korean particles follow the last sound of the word before."""

import pytest

from analysis.report import ReportContext, render_report
from analysis.report.context import condition_views
from analysis.report.files.latex import report_latex
from analysis.report.files.pdf import pdf_project
from analysis.report.text.korean_particles import with_particles


@pytest.mark.parametrize(
    ("marked", "right"),
    [
        ("문장을(를)", "문장을"),
        ("이미지을(를)", "이미지를"),
        ("“재정의 태그”은(는)", "“재정의 태그”는"),
        ("<b>음악</b>은(는)", "<b>음악</b>은"),
        ("&quot;음악&quot;와(과)", "&quot;음악&quot;과"),
        ("태그와(과) 문장와(과)", "태그와 문장과"),
        ("서울(으)로, 부산(으)로, 대구(으)로", "서울로, 부산으로, 대구로"),
        ("1(으)로 2(으)로 3(으)로 6(으)로 7(으)로 10(으)로", "1로 2로 3으로 6으로 7로 10으로"),
        ("0이(가) 1이(가) 2이(가) 4이(가) 8이(가) 9이(가)", "0이 1이 2가 4가 8이 9가"),
        ("37 %을(를)", "37 %를"),
        ("A이(가) M이(가) SDXL은(는) VQA은(는) R을(를)", "A가 M이 SDXL은 VQA는 R을"),
        ("Model을(를) tone을(를) tags을(를) music을(를) beat을(를)", "Model을 tone을 tags를 music을 beat를"),
        ("clip10.wav을(를)", "clip10.wav를"),
        ("조건(원래)은(는)", "조건(원래)은"),
        ("α은(는)", "α은(는)"),  # unknown: both forms
        ("no pair", "no pair"),
    ],
)
def test_the_form_follows_the_last_sound(marked, right):
    assert with_particles(marked) == right


def test_no_file_of_the_report_has_both_forms(analysis):
    analysis["factors"] = {"large": analysis["conditions"][:2]}
    analysis["primary"]["contrast"] = "large_minus_rest"
    conditions = condition_views(analysis["conditions"], dict.fromkeys(analysis["conditions"], "큰 그림"))
    context = ReportContext(title="연구", language="ko", conditions=conditions)
    page = render_report(analysis, context)
    assert "“큰 그림” 이미지를" in page
    for text in (page, report_latex(analysis, context), pdf_project(analysis, context).files["report.json"]):
        assert "은(는)" not in text
        assert "을(를)" not in text
        assert "와(과)" not in text
