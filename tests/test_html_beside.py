"""What stands beside an article and is longer than it: hidden, far from the headline, or the next article."""

import pytest
from test_html import HEADLINE, OUTSIDE, SHAPES, TITLE, P, bare, cards, link, page, paras, text

from saring.html.page import page_record

OTHER = [
    "Istilah cabai rawit merujuk pada buah kecil yang pedas dan tumbuh tegak di ujung ranting tanaman semak.",
    "Operasi pasar adalah penjualan langsung oleh pemerintah dengan harga yang lebih rendah daripada harga pasar.",
    "Inflasi pangan dihitung dari perubahan harga sekelompok bahan makanan dalam satu bulan di sejumlah kota.",
    "Pengguna setuju bahwa data kunjungan disimpan selama dua belas bulan untuk kepentingan analisis layanan kami.",
    "Setiap sengketa yang timbul dari pemakaian situs ini diselesaikan menurut hukum yang berlaku di tempat kami.",
]
LONG = "".join(f"<p>{sentence} {sentence} {n}</p>" for n in range(4) for sentence in OTHER)
NEXT = "Wali Kota Resmikan Taman Bermain di Tepi Sungai"


def article(shape: str) -> tuple[str, list[str]]:
    return SHAPES[shape]


HIDDEN = {
    "a style": "<div style='display: none'>{}</div>",
    "a style among others": "<div class='x' style='margin:0;DISPLAY:none !important'>{}</div>",
    "visibility": "<section style='visibility:hidden;height:0'>{}</section>",
    "an attribute": "<div hidden>{}</div>",
    "a class for screen readers": "<div class='sr-only'>{}</div>",
    "a class for screen readers, in words": "<div class='box visually-hidden' aria-hidden='true'>{}</div>",
    "a class of WordPress": "<div class='screen-reader-text'>{}</div>",
    "a class of Bootstrap": "<div class='d-none'>{}</div>",
    "a template": "<template>{}</template>",
    "for browsers without scripts": "<noscript>{}</noscript>",
    "a dialog that is closed": "<dialog>{}</dialog>",
    "a modal": "<div class='modal fade' role='dialog' aria-hidden='true'>{}</div>",
    "the page's style sheet": "<style>.q9 {{ color: red; display: none }}</style><div class='a q9'>{}</div>",
    "the page's style sheet, by id": "<style>p{{margin:0}} #q9, .z{{display:none}}</style><div id='q9'>{}</div>",
}


@pytest.mark.parametrize("way", HIDDEN)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_hidden_is_no_text(shape, way):
    inner, wanted = article(shape)
    hidden = HIDDEN[way].format(LONG)
    assert text(inner + hidden) == wanted
    assert text(hidden + inner) == wanted


SHOWN = {
    "on wide screens": "<div class='d-none d-md-block'>{}</div>",
    "on wide screens, by Tailwind": "<div class='hidden md:block'>{}</div>",
    "with a style for print": "<style>@media print {{ .isi9 {{ display: none }} }}</style><div class='isi9'>{}</div>",
    "with a style that is taken back": "<style>.q{{display:none}} .q{{display:block}}</style><div class='q'>{}</div>",
    "in a state": "<style>.q:empty{{display:none}} .tutup .q{{display:none}}</style><div class='q'>{}</div>",
    "before the page is ready": "<div style='display:none' id='app'>{}</div>",
    "to be unfolded": "<div><p>{}</p></div>",
    "decorated": "<div aria-hidden='false'>{}</div>",
}


@pytest.mark.parametrize("way", SHOWN)
def test_what_is_shown_to_some_is_text(way):
    html = bare(f"<title>{TITLE}</title>", f"{HEADLINE}{SHOWN[way].format(paras(0, 1, 2))}")
    assert page_record(html, "a.html").text.split("\n") == P[:3]


FAR = {
    "a glossary": f"<section class='glossary'><h2>Glosarium</h2>{LONG}</section>",
    "a glossary without a name": f"<section><h2>Daftar Istilah</h2>{LONG}</section>",
    "terms of use": f"<div class='terms'>{LONG}</div>",
    "terms of use without a name": f"<div><h3>Syarat dan Ketentuan</h3>{LONG}</div>",
    "privacy": f"<div id='privacy-policy'><h2>Kebijakan Privasi</h2>{LONG}</div>",
    "a summary": f"<div class='box-ringkasan'><h3>Ringkasan</h3>{LONG}</div>",
    "about the portal": f"<div class='about'><h4>Tentang Kami</h4>{LONG}</div>",
    "nothing but prose": f"<div class='xyz'>{LONG}</div>",
    "another article": f"<article class='next'><h1>{NEXT}</h1><div>{LONG}</div></article>",
    "another article under a small heading": f"<article><h2><a href='/n'>{NEXT}</a></h2><div>{LONG}</div></article>",
}


@pytest.mark.parametrize("before", ["<header>", "<footer>"])  # above all, and below the article
@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_far_from_the_headline_is_not_the_article(shape, far, before):
    inner, wanted = article(shape)
    html = page(inner).decode().replace(before, FAR[far] + before)
    assert page_record(html.encode(), "a.html").text.split("\n") == wanted


@pytest.mark.parametrize("shape", SHAPES)
def test_articles_that_load_below_are_others(shape):
    inner, wanted = article(shape)
    more = inner
    for old, new in [*zip(P, OTHER, strict=True), (TITLE, NEXT)]:
        more = more.replace(old, f"{new} {new} {new}" if new != NEXT else new)
    for around in ("<div class='page'>{}</div>", "<section>{}</section>"):
        assert text(around.format(inner) + around.format(more)) == wanted


CARDS = "".join(
    f"<div class='it'><h3><a href='/{n}'>{h}</a></h3><p>{OTHER[n % 5]}</p></div>" for n, h in enumerate(OUTSIDE)
)
BELOW = {
    "links": f"<h3>Berita Terkait</h3>{cards()}",
    "links with summaries": f"<h3>Berita Terkait</h3>{CARDS}",
    "links with summaries under another label": f"<div><b>Artikel Lainnya</b></div>{CARDS}",
    "popular ones": f"<div class='x'><h4>Terpopuler</h4>{cards()}</div>",
}


@pytest.mark.parametrize("below", BELOW)
def test_lists_of_pages_below_the_body_go(below):
    for name in ("isi", "entry-content"):
        shown = f"{HEADLINE}<div class='{name}'>{paras(0, 1)}<p>Baca juga: {link('Petani Cabai di Lereng Merapi Gagal Panen Karena Hujan')}</p>{paras(2, 3, 4)}{BELOW[below]}</div>"
        assert text(shown) == [*P[:2], "Baca juga: Petani Cabai di Lereng Merapi Gagal Panen Karena Hujan", *P[2:]]


ASKS = [
    "<p>Ikuti kami di <a href='https://news.google.com/publications/x'>Google News</a> untuk berita terbaru.</p>",
    "<p><i>Dapatkan update berita pilihan setiap hari di grup Telegram kami, klik <a href='https://t.me/kabar'>tautan ini</a>.</i></p>",
    "<p>Unduh aplikasi Kabar Kota di <a href='https://play.google.com/store/apps/x'>Play Store</a> sekarang juga.</p>",
    "<p>Ikuti akun <a href='https://www.instagram.com/kabarkota'>Instagram</a> dan <a href='https://www.tiktok.com/@kabar'>TikTok</a> Kabar Kota.</p>",
    "<form><p>Daftarkan surel Anda untuk menerima buletin Kabar Kota setiap pagi tanpa biaya apa pun.</p><input type='email'><button>Daftar</button></form>",
    "<div class='newsletter-box'><h3>Buletin</h3><p>Dapatkan kabar pilihan redaksi langsung di kotak masuk Anda.</p></div>",
    "<div class='app-install'><p>Baca berita lebih nyaman dan tanpa iklan lewat aplikasi Kabar Kota.</p></div>",
    "<div class='follow-us'><p>Jangan ketinggalan kabar terbaru, ikuti media sosial kami di mana saja.</p></div>",
]


@pytest.mark.parametrize("asks", ASKS)
def test_lines_that_ask_to_follow_or_install_go(asks):
    for name in ("isi", "entry-content"):
        assert text(f"{HEADLINE}<div class='{name}'>{paras(0, 1)}{asks}{paras(2, 3, 4)}</div>") == P
        assert text(f"{HEADLINE}<div class='{name}'>{paras(0, 1, 2, 3, 4)}{asks}</div>") == P


NO_TEXT = ["3 jam lalu", "1 hari yang lalu", "Iklan", "Tampilkan Semua", "Halaman Selanjutnya", "Salin Tautan"]


@pytest.mark.parametrize("line", NO_TEXT)
def test_labels_of_a_portal_go(line):
    assert text(f"{HEADLINE}<div class='isi'>{paras(0, 1)}<p>{line}</p><div>{line}</div>{paras(2, 3, 4)}</div>") == P
    assert f"Rapat digelar {line}." in text(f"{HEADLINE}<div>{paras(0, 1)}<p>Rapat digelar {line}.</p>{paras(2)}</div>")


PAYWALLS = [
    "<div class='paywall'><p>Berlangganan mulai Rp 20.000 sebulan untuk membaca artikel ini secara penuh tanpa iklan.</p></div>",
    "<p>Sudah berlangganan? <a href='/akun/login'>Masuk di sini</a></p>",
    "<p>Lanjutkan membaca dengan <a href='https://kabar.id/berlangganan'>akun berbayar</a> Kabar Kota.</p>",
]


@pytest.mark.parametrize("paywall", PAYWALLS)
def test_what_asks_to_pay_goes(paywall):
    assert text(f"{HEADLINE}<div class='isi'>{paras(0, 1, 2, 3, 4)}{paywall}</div>") == P


def test_a_gallery_tells_its_article_in_captions():
    pictures = "".join(f"<figure><img src='x'><figcaption>{sentence}</figcaption></figure>" for sentence in P)
    assert text(f"{HEADLINE}<div class='foto'>{pictures}</div>") == P
    assert text(f"{HEADLINE}<div class='foto'>{pictures}</div><div class='isi'>{paras(0, 1, 2, 3, 4)}</div>") == P
