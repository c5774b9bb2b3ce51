"""The page of `saring serve`: a plain form that answers without a script, and what a real Chromium makes of it."""

import asyncio
import os
import re
import urllib.parse

import orjson
import pytest
from chromium import NARROW, WIDE, chromium, hindrances, opened, screenshot  # noqa: F401 - a fixture
from test_serve import ARTICLES, PRMN, TOKEN, serving

pytest.importorskip("playwright", reason="needs Playwright")

from fastapi import Request

from saring.article import Record
from saring.html_reports.language import LANGUAGES, Language, phrases
from saring.models.pair_features import Evidence
from saring.predict import link_reasons, load
from saring.serve.limits import Limits, Problem
from saring.serve.openapi import OF_BODIES
from saring.serve.pages import _form
from saring.serve.uploads import Uploads

SHIPPED = ARTICLES.parents[1] / "models" / "id-news"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'</textarea>{{7*7}}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("serve"), SHIPPED) as running:
        yield running


def form(server, fields=(), file=None, lang="en", **headers):
    """The answer to the page's form, sent as a browser sends it."""
    border = "----saring"
    parts = [(f'name="{name}"', value.encode()) for name, value in dict(fields).items()]
    parts += [(f'name="file"; filename="{file[0]}"', file[1])] if file else []
    body = b"".join(
        f"--{border}\r\nContent-Disposition: form-data; {what}\r\n\r\n".encode() + value + b"\r\n"
        for what, value in parts
    )
    content_type = f"multipart/form-data; boundary={border}"
    headers = {"Content_Type": content_type} | headers
    status, found, answer = server.ask("POST", f"/?lang={lang}", body + f"--{border}--\r\n".encode(), **headers)
    return status, found, answer.decode()


# Without a browser.


def test_a_pasted_article_is_answered_without_a_script(server):
    status, headers, page = form(server, {"text": PRMN, "keep_links": "all"})
    assert status == 200 and headers["content-type"].startswith("text/html")
    assert "Topic: international politics" in page
    assert "<s>Baca Juga: Usai Tunangan Diam-diam" in page and "✗ unrelated" in page
    assert "shares no specific word" in page
    assert "What was removed" in page


def test_a_plain_form_will_do(server):
    body = urllib.parse.urlencode({"text": "Rupiah menguat terhadap dolar AS, kata Bank Indonesia."})
    _, _, page = server.ask("POST", "/?lang=id", body, Content_Type="application/x-www-form-urlencoded")
    assert "Topik: ekonomi" in page.decode()


def test_the_row_on_the_page_is_that_of_the_api(server):
    _, _, lines = form(server, {"text": PRMN, "answer": "jsonl"})
    [found] = server.rows([{"text": PRMN.strip("\ufeff")}])
    assert orjson.loads(lines) | {"scored_at": ""} == found | {"scored_at": ""}


def test_a_table_gives_a_row_for_each_article(server):
    table = "judul,isi\n" + "".join(f"Rupiah {n},Rupiah menguat {n} persen.\n" for n in range(30)) + "Kosong,\n"
    status, _, page = form(server, file=("tabel.csv", table.encode()))
    assert status == 200 and "31 articles: 0 of 0 teasers unrelated" in page and page.count('<th scope="row">') == 31
    _, headers, answer = form(server, {"answer": "csv"}, file=("tabel.csv", table.encode()))
    assert headers["content-disposition"] == 'attachment; filename="saring.csv"'
    assert len(answer.splitlines()) == 32 and answer.startswith("id,title,")


@pytest.mark.parametrize("way", ["pasted", "as a file"])
def test_a_page_s_source_is_read_as_a_page(server, way):
    source = (ARTICLES / "page.html").read_bytes()
    given = {"file": ("simpan.html", source)} if way == "as a file" else {"fields": {"text": source.decode()}}
    _, _, answer = form(server, **({"fields": {"answer": "jsonl"}} if way == "as a file" else {}) | given)
    assert "<nav" not in orjson.loads(answer)["clean_text"] if way == "as a file" else "Topic: " in answer


def test_a_page_that_breaks_the_parser_is_an_error_of_its_own(server):
    status, _, page = form(server, {"text": "<html><body></body></html>"})
    assert status == 200 and "found no article text on the page" in page
    assert form(server, {"text": PRMN})[0] == 200


REFUSED = {
    "nothing": ({}, None, 422),
    "a wish nobody knows": ({"text": "a", "keep_links": "some"}, None, 422),
    "an archive": ({}, ("rows.csv.gz", b"\x1f\x8b..."), 415),
    "an archive under another name": ({}, ("rows.csv", b"\x1f\x8b..."), 415),
    "Parquet": ({}, ("rows.parquet", b"PAR1"), 415),
    "too many": ({}, ("rows.csv", b"text\n" + b"a\n" * 1001), 413),
    "a table without text": ({}, ("rows.csv", b"angka\n1\n"), 422),
    "an empty file": ({}, ("rows.csv", b""), 422),
    "a header alone": ({}, ("rows.csv", b"judul,isi\n"), 422),
    "too many bytes": ({}, ("rows.csv", b"a" * 20_000_001), 413),
    "too long for a page": ({"text": "a" * 1_000_001}, None, 413),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_answered_is_told_on_the_page(server, case):
    fields, file, expected = REFUSED[case]
    status, _, page = form(server, fields, file)
    assert status == expected and page.count('role="alert"') == 4 and "What to do" in page


FINDINGS = re.compile(r"<dd>(.*?)</dd>", re.DOTALL)


@pytest.mark.parametrize("case", sorted(set(REFUSED) - {"a wish nobody knows"}))  # which the form cannot be told
def test_all_that_the_page_says_of_it_is_in_the_reader_s_language(server, case):
    fields, file, _ = REFUSED[case]
    english, own = (FINDINGS.findall(form(server, fields, file, lang)[2]) for lang in ("en", "id"))
    assert len(english) == 3
    for here, there in zip(english, own, strict=True):
        assert here != there
        assert not re.search(r"\b(found|expected|at most|bytes|the)\b", there)


def test_what_is_too_large_is_told_with_the_limit_in_words(server):
    _, _, page = form(server, file=("rows.csv", b"a" * 20_000_001))
    assert "20 MB can be sent at once" in page and "1,000 articles, 20 MB at most" in page


def test_problems_are_told_in_the_reader_s_language(server):
    _, _, page = form(server, file=("rows.csv.gz", b"\x1f\x8b..."), lang="id")
    assert "Berkas seperti ini tidak bisa dibaca di sini." in page
    for name in {"bad-form", "broken", *OF_BODIES} - {"no-json", "foreign-page"}:
        assert f"problem_{name}" in phrases("saring.serve")


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "undefined", "punycode"])
def test_a_form_is_in_utf_8_whatever_it_says_of_itself(server, charset):
    content_type = f"multipart/form-data; charset={charset}; boundary=----saring"
    status, _, page = form(server, {"text": r"Rupiah \ud800 menguat."}, Content_Type=content_type)
    assert status == 415 and "a form in UTF-8" in page


def test_a_file_is_kept_in_memory_and_written_to_no_disk():
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'

    async def receive():
        return {"type": "http.request", "body": head + b"a" * 3_000_000 + b"\r\n--B--\r\n"}

    headers = [(b"content-type", b"multipart/form-data; boundary=B")]

    async def kept():
        async with _form(Request({"type": "http", "headers": headers}, receive), 20_000_000) as found:
            return found["file"].size, found["file"].file._rolled

    assert asyncio.run(kept()) == (3_000_000, False)


@pytest.mark.parametrize("long", [0, 1])
def test_an_article_too_long_to_be_opened_keeps_its_row_in_the_table(server, long):
    texts = ["Rupiah menguat.", "Rupiah menguat."]
    texts[long] = "Rupiah menguat. " * 70_000
    _, _, page = form(server, file=("rows.csv", ("text\n" + "\n".join(texts) + "\n").encode()))
    assert "2 articles" in page and page.count('<th scope="row">') == 2


def test_a_row_that_is_nested_too_deeply_keeps_its_place(server):
    deep = b'[{"text":' + b"[" * 950 + b"]" * 950 + b'},{"text":"Rupiah menguat."}]'
    status, _, lines = form(server, {"answer": "jsonl"}, file=("rows.json", deep))
    assert status == 200
    assert [orjson.loads(line)["error"] is None for line in lines.splitlines()] == [False, True]


def test_no_file_of_the_server_is_read(server):
    for name in ("/etc/passwd.txt", "../../../etc/passwd.txt", "file:///etc/passwd.txt"):
        _, _, lines = form(server, {"answer": "jsonl"}, file=(name, b"Rupiah menguat."))
        assert orjson.loads(lines)["clean_text"] == "Rupiah menguat."


def test_an_upload_may_not_unfold():
    with pytest.raises(Problem, match=r"which is a \.zst"):
        Uploads(Limits()).file("rows.jsonl", b"\x28\xb5\x2f\xfd")


ADVICE = {
    "berita.docx": (b"PK", "save its text as .txt"),
    "berita.xlsx": (b"PK", "save it as CSV"),
    "berita.csv": (b"\x1f\x8b", "which is a .gz; .* unpack it"),
    "berita": (b"Rupiah", "as in article.txt"),
}


@pytest.mark.parametrize("name", ADVICE)
def test_a_file_of_another_kind_is_told_what_to_do_with_it(name):
    data, advice = ADVICE[name]
    with pytest.raises(Problem, match=advice):
        Uploads(Limits()).file(name, data)


def test_what_is_hostile_stays_text(server):
    rows = f'title,text\n"{HOSTILE.replace(chr(34), chr(34) * 2)}","{HOSTILE.replace(chr(34), chr(34) * 2)}"\n'
    pages = [
        form(server, {"title": HOSTILE, "text": f"{HOSTILE}\nBaca Juga: {HOSTILE}", "keep_links": "all"})[2],
        form(server, file=("rows.csv", (rows * 2).encode()))[2],
        form(server, {"text": "a", "keep_links": HOSTILE})[2],
    ]
    for page in pages:
        assert "<script>alert" not in page and "<img" not in page and page.count("</textarea>") == 1


def test_the_language_is_the_browser_s_or_the_one_asked_for(server):
    def said(path, **headers):
        page = server.ask("GET", path, **headers)[2].decode()
        return page.partition('<html lang="')[2][:2]

    assert said("/", Accept_Language="id-ID,id;q=0.9,en;q=0.8") == "id"
    assert said("/", Accept_Language="de,en;q=0.5") == "en"
    assert said("/?lang=id", Accept_Language="en") == "id"
    assert said("/?lang=xx") == "en"


def test_every_phrase_is_there_in_each_language():
    for key, phrase in phrases("saring.serve").items():
        assert set(phrase) == set(LANGUAGES), key


def test_all_reasons_are_said_in_the_reader_s_language():
    say = Language("id", "saring.serve")
    shared, grouped = Evidence("bulog", 6.4, shared=True), Evidence("beras", 4.8, shared=False)
    named = Evidence("lukashenko", 5.0, shared=False, companion="belarus")
    for evidence in ([], [shared], [shared, shared], [grouped], [shared, grouped], [named], [named, shared, named]):
        for reason in link_reasons(evidence, ("gossip", 0.9), "economy", 0.9, related=False):
            assert say.reason(reason) != reason
    assert say.reason("headline reads as international politics") == "judul terbaca sebagai politik internasional"
    assert say.reason("something new") == "something new"


def test_with_a_token_a_browser_is_asked_for_it(bundle_folder, tmp_path):
    with serving(tmp_path, bundle_folder, env={**os.environ, "SARING_TOKEN": TOKEN}) as server:
        status, headers, _ = server.ask("GET", "/", Accept="text/html")
        assert (status, headers["location"]) == (303, "/login")
        plain = {"Content_Type": "application/x-www-form-urlencoded"}
        assert server.ask("POST", "/login", "token=wrong", **plain)[0] == 401
        status, headers, _ = server.ask("POST", "/login", f"token={TOKEN}", **plain)
        cookie = headers["set-cookie"]
        assert (status, headers["location"]) == (303, "/")
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
        assert server.ask("GET", "/", Cookie=cookie.partition(";")[0])[0] == 200


def test_the_example_has_links_of_both_kinds():
    from saring.serve.pages import example

    [found] = load(SHIPPED).predict([example()])
    assert {link.related for link in found.links} == {True, False}
    assert Record("", text=example()).text == example().strip()


# In Chromium.

LOOKS = {
    "wide": {"viewport": WIDE, "locale": "en-GB"},
    "narrow": {"viewport": NARROW, "locale": "id-ID"},
    "dark": {"viewport": WIDE, "locale": "id-ID", "color_scheme": "dark"},
    "without a script": {"viewport": WIDE, "locale": "id-ID", "java_script_enabled": False},
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_example_is_read_and_marked(chromium, server, look):  # noqa: F811
    with opened(chromium, f"http://127.0.0.1:{server.port}/", **LOOKS[look]) as page:
        screenshot(page, f"serve-empty-{look.replace(' ', '-')}", full_page=True)
        page.locator("button[name=example]").click()
        page.locator(".said").wait_for()
        assert page.locator("s").count() >= 2 and page.locator("u").count() >= 1
        assert page.locator(".verdict.unrelated").first.is_visible()  # in words, not by a colour alone
        first = page.locator(".marked .link").first
        first.focus()
        assert page.locator(".why").first.is_visible()
        screenshot(page, f"serve-{look.replace(' ', '-')}", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") or look == "without a script"
        if LOOKS[look].get("java_script_enabled", True):
            assert hindrances(page) == []
            assert page.locator("button.copy").first.is_visible()
        else:
            assert not page.locator("button.copy").first.is_visible()


def test_a_keyboard_is_enough(chromium, server):  # noqa: F811
    with opened(chromium, f"http://127.0.0.1:{server.port}/?lang=en", viewport=WIDE) as page:
        page.locator("#text").focus()
        page.keyboard.type("Rupiah menguat terhadap dolar AS, kata Bank Indonesia.\nBaca Juga: Resep Sambal Terasi")
        page.keyboard.press("Control+Enter")
        page.locator(".said").wait_for()
        assert page.evaluate("document.activeElement.id") == "result"
        page.keyboard.press("Tab")
        assert page.locator(".link:focus .why").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator(".link:focus .why").is_visible()


def test_a_file_that_is_chosen_is_read_at_once(chromium, server):  # noqa: F811
    with opened(chromium, f"http://127.0.0.1:{server.port}/?lang=en", viewport=NARROW) as page:
        rows = "judul,isi\n" + "".join(f"Rupiah {n},Rupiah menguat {n} persen.\n" for n in range(5))
        page.locator("#file").set_input_files({"name": "tabel.csv", "mimeType": "text/csv", "buffer": rows.encode()})
        page.locator("td.wrap").first.wait_for()
        assert page.locator("tbody tr").count() == 5
        assert hindrances(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        screenshot(page, "serve-table-narrow", full_page=True)


def test_what_is_wrong_is_told_and_the_copy_button_copies(chromium, server):  # noqa: F811
    with opened(chromium, f"http://127.0.0.1:{server.port}/?lang=en", viewport=WIDE) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("#text").fill("Rupiah menguat.\nBaca Juga: Resep Sambal Terasi")
        page.locator("button.first").click()
        page.locator("button.copy").first.click()
        page.locator("button.copy", has_text="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "Rupiah menguat."


def test_what_is_typed_in_stays_where_the_server_has_ended(chromium, bundle_folder, tmp_path):  # noqa: F811
    with serving(tmp_path, bundle_folder) as server:
        context = chromium.new_context(viewport=WIDE, locale="en-GB")
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/")
    for answer in ("page", "csv"):
        page.locator("#text").fill("Rupiah menguat.")
        page.locator("#answer").select_option(answer)
        page.locator("button.first").click()
        page.get_by_text("The server does not answer").wait_for()
        assert page.locator("#text").input_value() == "Rupiah menguat."
        page.locator("#result").evaluate("one => one.replaceChildren()")
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_file_that_is_too_large_is_told_so(chromium, server, tmp_path, script):  # noqa: F811
    path = tmp_path / "rows.csv"
    path.write_bytes(b"text\n" + b"a" * 70_000_000)
    context = chromium.new_context(viewport=NARROW, locale="en-GB", java_script_enabled=script)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.locator("#file").set_input_files(path)
    page.locator("button.first").click()
    page.get_by_text("This is too large: 20 MB can be sent at once").wait_for()
    screenshot(page, f"serve-too-large-{'with' if script else 'without'}-script", full_page=True)
    context.close()


def test_the_api_s_page_can_be_read_by_all(chromium, server):  # noqa: F811
    with opened(chromium, f"http://127.0.0.1:{server.port}/docs", viewport=NARROW) as page:
        assert "POST /v1/predict" in page.content()
        assert hindrances(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        screenshot(page, "serve-api-narrow", full_page=True)
