"""Pages in a real Chromium: nothing keeps people from reading them, wide or narrow, by day or night, and on paper."""

import pytest
from chromium import NARROW, SCREENSHOTS, WIDE, chromium, hindrances, opened, screenshot  # noqa: F401 - a fixture

pytest.importorskip("jinja2", reason='needs the extra "report"')
pytest.importorskip("playwright", reason="needs Playwright")

from scoredrows import failed, row

from saring import store
from saring.html_reports.evaluation_report import evaluation_html
from saring.html_reports.language import LANGUAGES, Language
from saring.html_reports.rows_report import rows_report


@pytest.fixture(scope="module")
def evaluation(bundle_folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "evaluation.html"
    path.write_text(evaluation_html(store.load(bundle_folder)), encoding="utf-8")
    return path.as_uri()


LOOKS = {"wide": {"viewport": WIDE}, "narrow": {"viewport": NARROW}, "dark": {"viewport": WIDE, "color_scheme": "dark"}}


@pytest.mark.parametrize("look", LOOKS)
def test_an_evaluation_can_be_read_by_all(chromium, evaluation, look):  # noqa: F811
    with opened(chromium, evaluation, **LOOKS[look]) as page:
        assert hindrances(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        screenshot(page, f"evaluation-{look}")


HOSTILE = "\u202e<script>document.title = 'ours'</script>" + "x" * 3_000
ROWS = [
    *(row(n, f"portal{n % 4}.id", related=(False, True, None), clickbait=0.9) for n in range(80)),
    row(80, HOSTILE, related=(False,), title=HOSTILE, published=None, abstained_because="unsure"),
    failed(81, HOSTILE),
]


@pytest.fixture(scope="module", params=LANGUAGES)
def report(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / f"report-{request.param}.html"
    path.write_text(rows_report([ROWS], Language(request.param)).html(["rows.parquet"]), encoding="utf-8")
    return path.as_uri()


def name_of(address):
    return address.rpartition("/")[2].removesuffix(".html")


@pytest.mark.parametrize("look", LOOKS)
def test_a_report_can_be_read_by_all(chromium, report, look):  # noqa: F811
    with opened(chromium, report, **LOOKS[look]) as page:
        screenshot(page, f"{name_of(report)}-{look}", full_page=True)
        for article in page.query_selector_all("details.article")[:3]:
            article.evaluate("one => one.querySelectorAll('details').forEach(each => each.open = one.open = true)")
            article.evaluate("one => { one.open = true }")
        assert hindrances(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.title() != "ours"
        page.query_selector("details.article[open]").screenshot(path=SCREENSHOTS / f"{name_of(report)}-{look}-open.png")


def shown(page):
    return page.locator("details.article:visible").count()


def test_its_filter_finds_articles_by_words_and_publisher(chromium, report):  # noqa: F811
    with opened(chromium, report, viewport=WIDE) as page:
        all_of_them = shown(page)
        assert all_of_them > 50
        page.locator("#filter select").select_option("portal1.id")
        assert shown(page) == 20
        page.locator("#filter input").fill("NAIK 41")
        assert shown(page) == 1
        assert page.locator("#filter output").inner_text().startswith("1 ")
        assert page.locator("section.kind:visible").count() == 1
        page.locator("#filter input").fill("")
        page.locator("#filter select").select_option("")
        assert shown(page) == all_of_them


def test_without_scripts_it_is_complete(chromium, report):  # noqa: F811
    with opened(chromium, report, viewport=WIDE, java_script_enabled=False) as page:
        assert shown(page) > 50
        assert not page.locator("#filter").is_visible()


def test_it_is_read_with_a_keyboard(chromium, report):  # noqa: F811
    with opened(chromium, report, viewport=WIDE) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.locator("details.article > summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.article .text").first.is_visible()


def test_on_paper_everything_is_open_and_the_filter_is_gone(chromium, report):  # noqa: F811
    with opened(chromium, report, viewport=WIDE) as page:
        text = page.locator("details.article .text").first
        assert not text.is_visible()
        page.emulate_media(media="print")
        assert text.evaluate("one => one.checkVisibility({contentVisibilityAuto: true}) && one.offsetHeight > 0")
        assert not page.locator("#filter").is_visible()
        screenshot(page, f"{name_of(report)}-print")
        page.pdf(path=SCREENSHOTS / f"{name_of(report)}.pdf", format="A4")
