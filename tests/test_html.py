"""Pages in the shapes of the portals, with invented articles; each shape is a small page."""

import random
import re
import zlib

import pytest

import saring.html.page
from saring.errors import InputError
from saring.html.page import PageReader, page_record

TITLE = "Harga Cabai di Pasar Kramat Naik Dua Kali Lipat"
P = [
    "Harga cabai rawit di Pasar Kramat naik dua kali lipat dalam sepekan, kata para pedagang.",
    "“Kami membeli dari petani seharga Rp80.000, jadi tidak mungkin menjual murah,” kata Sulastri.",
    "Menurut dia, hujan deras yang turun sejak awal bulan membuat panen di lereng Merapi gagal.",
    "Dinas Perdagangan setempat berjanji menggelar operasi pasar pada akhir pekan mendatang.",
    "Pembeli berharap harga kembali seperti semula sebelum hari raya tiba.",
]
H = [
    "Petani Cabai di Lereng Merapi Gagal Panen Karena Hujan",
    "Penyanyi Rara Sekar Menikah Diam-diam di Ubud",
    "Begini Cara Menyimpan Cabai Agar Tahan Sebulan",
]
OUTSIDE = [
    "Bupati Baru Dilantik di Tengah Hujan Lebat",
    "Tim Garuda Muda Menang Tipis atas Tamu dari Seberang",
    "Lima Tempat Makan Soto yang Wajib Dicoba di Kota Lama",
    "Ini Jadwal Libur Sekolah Tahun Depan Menurut Dinas",
    "Sungai Meluap, Ratusan Rumah di Hilir Terendam",
    "Artis Ini Pamer Rumah Baru, Warganet Salah Fokus",
]


def paras(*numbers: int) -> str:
    return "".join(f"<p>{P[n]}</p>\n" for n in numbers)


def link(headline: str, more: str = "") -> str:
    return f'<a href="https://kabar.example/{H.index(headline)}" {more}>{headline}</a>'


def cards(headlines: list[str] = OUTSIDE) -> str:
    return (
        "<ul>"
        + "".join(
            f'<li><a href="/x/{n}"><img src="{n}.jpg"></a><h3><a href="/x/{n}">{h}</a></h3>'
            f"<span>{n} jam lalu</span></li>"
            for n, h in enumerate(headlines)
        )
        + "</ul>"
    )


def page(article: str, head: str = "", around: str = "div") -> bytes:
    """Return a page: an article with what every portal puts around it."""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8">
<title>{TITLE} - Kabar Kota</title><meta property="og:title" content="{TITLE} - Kabar Kota">
<meta property="og:site_name" content="Kabar Kota">
<link rel="canonical" href="https://kabar.example/cabai">{head}
<script>googletag.cmd.push(function() {{}});</script><style>p {{ color: red }}</style></head>
<body class="read"><header><ul class="nav"><li><a href="/">Beranda</a></li>
<li><a href="/ekonomi">Ekonomi</a></li><li><a href="/hiburan">Hiburan</a></li></ul></header>
<div class="ticker"><a href="/t">{OUTSIDE[5]}</a></div>
<{around} class="wrap"><div class="main">{article}
<div class="foot"><h4>Berita Terkait</h4>{cards(OUTSIDE[:3])}</div></div>
<div class="right"><h3>Terpopuler</h3>{cards(OUTSIDE[2:])}</div></{around}>
<footer><p>Kabar Kota adalah portal berita warga kota yang terbit sejak tahun 2011.</p>
<a href="/tentang">Tentang Kami</a> <a href="/pedoman">Pedoman Media Siber</a></footer>
</body></html>""".encode()


def text(article: str, **more: str) -> list[str]:
    return page_record(page(article, **more), "a.html").text.split("\n")


HEADLINE = f"<h1>{TITLE}</h1>"
DATE = "<div class='date'>Rabu, 19 Januari 2022 | 14:30 WIB</div>"

# Shape of a portal: its article, and the lines that are wanted from it. What the portal prints
# below the body as text ("Editor: ...") is left to `parse`.
SHAPES = {
    "kompas 2019": (
        f"""{HEADLINE}<div class="read__time">Kompas.com - 19/01/2022, 14:30 WIB</div>
        <div class="photo"><img src="a.jpg"><div class="photo__caption">Pedagang cabai di Pasar
        Kramat menata dagangannya.(KABAR/SITI)</div></div>
        <div class="read__content"><p><strong>JAKARTA, KABAR.com - </strong>{P[0]}</p>{paras(1)}
        <p><strong>Baca juga: {link(H[0], 'class="inner-link-baca-juga"')}</strong></p>{paras(2)}
        <div class="ads-on-body"><div id="div-gpt-ad-1"><script>x()</script></div></div>{paras(3)}
        <p><strong>Baca juga: {link(H[1], 'class="inner-link-baca-juga"')}</strong></p>{paras(4)}
        </div><div class="read__tagging"><ul><li><a href="/tag/cabai">cabai</a></li></ul></div>""",
        [f"JAKARTA, KABAR.com - {P[0]}", P[1], f"Baca juga: {H[0]}", *P[2:4], f"Baca juga: {H[1]}", P[4]],
    ),
    "detik 2019": (
        f"""<div class="detail_area"><h1>{TITLE}</h1><div class="date">Rabu 19 Januari 2022</div>
        </div><div class="detail_text" id="detikdetailtext"><b>Jakarta</b> - {P[0]}<br><br>{P[1]}
        <table class="linksisip"><tbody><tr><td><div class="lihatjg"><strong>Baca juga: </strong>
        {link(H[0], 'data-label="List Berita"')}</div></td></tr></tbody></table>{P[2]}<br><br>{P[3]}
        <table class="pic_artikel_sisip_table"><tbody><tr><td><img src="b.jpg"></td></tr><tr>
        <td>Cabai rawit merah di lapak (Foto: Siti)</td></tr></tbody></table>{P[4]}<br><br>
        <strong>(sit/rah)</strong></div><div class="bacajuga" id="readtoogtm"><h4>Baca Juga</h4>
        <ul><li><a class="gtm_bacajuga_artikel" href="/y">{OUTSIDE[4]}</a></li></ul></div>""",
        [f"Jakarta - {P[0]}", P[1], f"Baca juga: {H[0]}", *P[2:], "(sit/rah)"],
    ),
    "detik 2025": (
        f"""<article class="detail">{HEADLINE}<div class="detail__author">Siti - detikFinance</div>
        <div class="detail__date">Rabu, 19 Jan 2022 14:30 WIB</div>
        <div class="detail__media"><figure><img src="a.jpg"><figcaption>Foto: Siti</figcaption>
        </figure></div><div class="detail__body-text itp_bodycontent"><strong>Jakarta</strong> -
        <p>{P[0]}</p><div class="parallaxindetail"><p>SCROLL TO CONTINUE WITH CONTENT</p></div>
        {paras(1, 2)}<table class="linksisip"><tr><td><div class="lihatjg"><strong>Baca juga:
        </strong>{link(H[2])}</div></td></tr></table>{paras(3, 4)}</div>
        <div class="detail__body-tag"><a href="/tag/cabai">cabai</a></div></article>""",
        ["Jakarta -", *P[:3], f"Baca juga: {H[2]}", *P[3:]],
    ),
    "cnnindonesia": (
        f"""{HEADLINE}<div class="date">CNN | Rabu, 19 Jan 2022 14:30 WIB</div>
        <div class="media_artikel"><img src="a.jpg"><span>Ilustrasi. (iStock)</span></div>
        <div class="detail_text"><span id="detikdetailtext"><strong>Jakarta</strong> -- {P[0]}
        <p>{P[1]}</p><table class="topiksisip"><tbody><tr><td><strong>Pilihan Redaksi</strong>
        <ul class="box_sisip"><li>{link(H[0])}</li><li>{link(H[1])}</li></ul></td></tr></tbody>
        </table>{paras(2)}<p>[Gambas:Video CNN]</p>{paras(3)}<table class="linksisip"><tbody><tr>
        <td><div class="lihatjg"><strong>Lihat Juga :</strong>{link(H[2])}</div></td></tr></tbody>
        </table>{paras(4)}</span></div>""",
        [
            f"Jakarta -- {P[0]}",
            P[1],
            f"Pilihan Redaksi: {H[0]}",
            f"Pilihan Redaksi: {H[1]}",
            P[2],
            "[Gambas:Video CNN]",
            P[3],
            f"Lihat Juga: {H[2]}",
            P[4],
        ],
    ),
    "liputan6 2016": (
        f"""<article class="hentry main"><header>{HEADLINE}<p>on 19 Jan 2022 at 14:30 WIB</p>
        </header><div class="read-page__content-body text-detail"><div id="multi-page-0">
        <p><b>Kabar6.com, Jakarta</b> {P[0]}</p>{paras(1)}<p>Baca Juga</p><div class="baca-juga">
        <ul class="baca-juga__list"><li>{link(H[0])}</li><li>{link(H[1])}</li><li>{link(H[2])}</li>
        </ul></div>{paras(2)}<p><em><img src="b.jpg"></em></p></div><div id="multi-page-1">
        {paras(3, 4)}</div></div></article>""",
        [f"Kabar6.com, Jakarta {P[0]}", P[1], *(f"Baca Juga: {h}" for h in H), *P[2:]],
    ),
    "liputan6 now": (
        f"""{HEADLINE}<div class="article-content-body__item-page">
        <div class="article-content-body__item-content"><p><b>Kabar6.com, Jakarta</b> {P[0]}</p>
        {paras(1)}<div class="baca-juga-collections"><div class="baca-juga-collections__header">
        Baca Juga</div><ul class="baca-juga-collections__list"><li
        class="baca-juga-collections__item"><a href="/1"><div
        class="baca-juga-collections__detail"><p>{H[0]}</p></div></a></li></ul></div></div></div>
        <div class="article-ad"><p>Advertisement</p></div>
        <div class="article-content-body__item-page">
        <div class="article-content-body__item-break-index">2 dari 2 halaman</div>
        <div class="article-content-body__item-content">{paras(2, 3, 4)}</div></div>""",
        [f"Kabar6.com, Jakarta {P[0]}", P[1], f"Baca Juga: {H[0]}", *P[2:]],
    ),
    "tribunnews": (
        f"""{HEADLINE}<div class="grey">Rabu, 19 Januari 2022 14:30 WIB</div>
        <div class="side-article txt-article multi-fontsize editcontent"><p><strong>KABAR.COM,
        JAKARTA</strong> - {P[0]}</p>{paras(1)}<p class="baca"><strong>Baca: {link(H[0])}</strong>
        </p>{paras(2, 3)}<p class="baca">Baca juga: {H[1]}</p>{paras(4)}</div>
        <div class="side-article mb5">Tags <a href="/tag/c">cabai</a> <a href="/tag/p">pasar</a>
        </div>""",
        [f"KABAR.COM, JAKARTA - {P[0]}", P[1], f"Baca: {H[0]}", *P[2:4], f"Baca juga: {H[1]}", P[4]],
    ),
    "tempo 2023": (
        f"""{HEADLINE}<p class="date">Rabu, 19 Januari 2022 14:30 WIB</p><div id="isi">
        <div class="detail-konten detail-in"><p><strong>KABAR.CO</strong>, <strong>Jakarta</strong>
        - {P[0]}</p>{paras(1, 2)}<p><strong>Baca:</strong> {link(H[0])}</p>{paras(3, 4)}
        <p><strong>Pilihan Editor: {link(H[1])}</strong></p></div></div>""",
        [f"KABAR.CO, Jakarta - {P[0]}", *P[1:3], f"Baca: {H[0]}", *P[3:], f"Pilihan Editor: {H[1]}"],
    ),
    "tempo 2015": (
        f"""<div class="artikel"><ul class="block-kanal-map"><li><a href="/">home</a></li>
        <li><a href="/bisnis">bisnis</a></li></ul>{HEADLINE}<div class="block-display"><div
        class="single-img"><img src="a.jpg"></div><div class="deskripsi">Sulastri, pedagang cabai
        di Pasar Kramat, menghitung uang. KABAR/Siti</div></div><p><strong>KABAR.CO</strong>,
        <strong>Jakarta</strong> - {P[0]}<br><br>{P[1]}<br><br>Baca: {link(H[0])}<br><br>{P[2]}
        <br><br><strong>{P[3]}</strong><br>{P[4]}<br><br><strong>SITI RAHMA</strong></p></div>""",
        [f"KABAR.CO, Jakarta - {P[0]}", P[1], f"Baca: {H[0]}", *P[2:], "SITI RAHMA"],
    ),
    "okezone 2016": (
        f"""{HEADLINE}<div id="artikelbox"><p>Baca Juga</p><ul><li><a href="/y">{OUTSIDE[3]}</a>
        </li></ul></div><div class="sosmedsticky author-and-share"><div class="sos">Share on
        Facebook</div><div class="ctn-images"><img src="a.jpg"></div><div class="caption-img-ab">
        <p>Cabai. (Foto: Siti/Kabarzone)</p></div><div itemprop="articleBody" id="contentx"
        class="ctn-desc"><p><strong>JAKARTA</strong> - {P[0]}</p>{paras(1, 2)}<div id="bacajuga"
        class="baca-juga"><p>Baca Juga :</p><ul><li>{link(H[0])}</li></ul></div>{paras(3, 4)}
        <strong>(STR)</strong></div></div>""",
        [f"JAKARTA - {P[0]}", *P[1:3], f"Baca Juga: {H[0]}", *P[3:], "(STR)"],
    ),
    "suara": (
        f"""{HEADLINE}<article class="detail-content detail--pages"><p><strong>Kabar.com -</strong>
        {P[0]}</p><p class="baca-juga-new">Baca Juga:<a href="/1">{H[0]}</a></p>{paras(1, 2)}
        <p class="baca-juga-new">Baca Juga:<a href="/2">{H[1]}</a></p>{paras(3, 4)}</article>
        <div id="berita-terkait-1"><ul class="item--baca-juga-inner"><li><a href="/y">{OUTSIDE[0]}
        </a></li></ul></div>""",
        [f"Kabar.com - {P[0]}", f"Baca Juga: {H[0]}", *P[1:3], f"Baca Juga: {H[1]}", *P[3:]],
    ),
    "sindonews": (
        f"""{HEADLINE}<div class="reporter"><p>Siti Rahma</p></div><div id="detail-desc"
        class="detail-desc" itemprop="articleBody"><b>JAKARTA</b> - {P[0]}<br><br>{P[1]}<br><br>
        <div class="baca-inline"><div class="baca-inline-head">Baca Juga:</div>
        {link(H[0])}</div><br>{P[2]}<br><br>{P[3]}<br><br><div class="box-outlink"><div>Lihat
        Juga:</div> <a href="/2">{H[1]}</a></div>{P[4]}<br><br>(sti)</div>
        <div class="editor">Rahma</div>""",
        [f"JAKARTA - {P[0]}", P[1], f"Baca Juga: {H[0]}", *P[2:4], f"Lihat Juga: {H[1]}", P[4], "(sti)"],
    ),
    "antaranews": (
        f"""{HEADLINE}<div class="post-content clearfix" itemprop="articleBody">Jakarta (ANTARA) -
        {P[0]}<br><br>{P[1]}<br><br>{P[2]}<br><br>{P[3]}<br><br>{P[4]}<br><br>
        <span class="baca-juga"><b>Baca juga: {link(H[0])}</b></span><br>
        <span class="baca-juga"><b>Baca juga: {link(H[1])}</b></span><br><br>
        <p class="text-muted small mt10">Pewarta: Siti<br>Editor: Rahma<br>Copyright © KABAR 2022
        </p></div>""",
        [
            f"Jakarta (ANTARA) - {P[0]}",
            *P[1:],
            f"Baca juga: {H[0]}",
            f"Baca juga: {H[1]}",
            "Pewarta: Siti",
            "Editor: Rahma",
            "Copyright © KABAR 2022",
        ],
    ),
    "republika": (
        f"""{HEADLINE}<div class="article-content"><article><p><strong>KABAR.CO.ID, JAKARTA -- 
        </strong>{P[0]}</p>{paras(1)}<div class="baca-juga"><p><strong>Baca Juga:</strong></p><ul>
        <li>{link(H[0])}</li><li>{link(H[1])}</li></ul></div>{paras(2, 3, 4)}</article></div>""",
        [f"KABAR.CO.ID, JAKARTA -- {P[0]}", P[1], f"Baca Juga: {H[0]}", f"Baca Juga: {H[1]}", *P[2:]],
    ),
    "jpnn": (
        f"""{HEADLINE}<div itemprop="articleBody" class="page-content"><p><strong>kabar.com,
        JAKARTA -</strong> {P[0]}</p>{paras(1)}<div class="baca-juga"><p>Baca Juga:</p><ul><li>
        <strong>{link(H[0])}</strong></li></ul></div>{paras(2, 3, 4)}<p>(siti/kabar)</p></div>""",
        [f"kabar.com, JAKARTA - {P[0]}", P[1], f"Baca Juga: {H[0]}", *P[2:], "(siti/kabar)"],
    ),
    "merdeka 2019": (
        f"""<div class="mdk-dt-headline">{HEADLINE}</div><div class="mdk-body-paragraph">
        <p><strong>Kabar.com - </strong>{P[0]}</p>{paras(1)}<div class="title-section_terkait">Baca
        juga:</div><ul id="list-section_terkait"><li>{link(H[0])}</li><li>{link(H[1])}</li></ul>
        {paras(2, 3, 4)}</div>""",
        [f"Kabar.com - {P[0]}", P[1], f"Baca juga: {H[0]}", f"Baca juga: {H[1]}", *P[2:]],
    ),
    "pikiran-rakyat 2019": (
        f"""<ul class="breadcrumb"><li><a class="breadcrumb__link" href="/">Home</a></li></ul>
        <h1 class="read__title">{TITLE}</h1><div class="read__info"><div class="read__info__author">
        <a href="/siti">Siti Rahma</a></div><div class="read__info__date">- 19 Januari 2022</div>
        </div><div class="photo"><div class="photo__img"><img src="a.jpg"></div><div
        class="photo__caption">SULASTRI menata cabai di lapaknya.*</div></div>
        <article class="read__content clearfix"><p>BANDUNG, (KK).- {P[0]}</p>{paras(1)}
        <p><strong>Baca juga: {link(H[0])}</strong></p>{paras(2, 3, 4)}</article>
        <div class="read__paging"><div class="paging__teaser">Halaman:</div><div
        class="paging__item"><a href="?page=2">2</a></div></div><section class="read__tagging"><h3>
        Tags</h3><ul><li><a href="/tag/cabai">cabai</a></li></ul></section>""",
        [f"BANDUNG, (KK).- {P[0]}", P[1], f"Baca juga: {H[0]}", *P[2:]],
    ),
    "bisnis": (
        f"""{HEADLINE}<div class="detailsContent"><article><p>Kabar.com, <b>JAKARTA</b> - {P[0]}</p>
        {paras(1)}<div class="baca-juga-box"><h4>Baca Juga</h4><ul><li>{link(H[0])}</li><li>
        {link(H[2])}</li></ul></div>{paras(2, 3, 4)}<p>Cek Berita dan Artikel yang lain di <a
        href="https://news.google.com/publications/x">Google News</a> dan <a
        href="https://whatsapp.com/channel/x">WA Channel</a></p></article></div>""",
        [f"Kabar.com, JAKARTA - {P[0]}", P[1], f"Baca Juga: {H[0]}", f"Baca Juga: {H[2]}", *P[2:]],
    ),
    "kontan": (
        f"""{HEADLINE}<div class="tmpt-desk-kon" itemprop="articleBody"><p>Reporter: <b>Siti</b> |
        Editor: <b>Rahma</b></p><p><b>KABAR.CO.ID - JAKARTA.</b> {P[0]}</p>{paras(1)}<p>
        <b><a href="/1">Baca Juga: {H[0]}</a></b></p>{paras(2)}<p><strong>Baca Juga: {link(H[1])}
        </strong></p>{paras(3, 4)}</div>""",
        [
            "Reporter: Siti | Editor: Rahma",
            f"KABAR.CO.ID - JAKARTA. {P[0]}",
            P[1],
            f"Baca Juga: {H[0]}",
            P[2],
            f"Baca Juga: {H[1]}",
            *P[3:],
        ],
    ),
    "inews": (
        f"""{HEADLINE}<section class="article-body" id="article-body"><p><strong>JAKARTA, Kabar.id 
        -</strong> {P[0]}</p>{paras(1)}<div class="related-article-inner"><a href="/1"><span>Baca
        Juga</span><h3>{H[0]}</h3></a></div>{paras(2, 3, 4)}</section>""",
        [f"JAKARTA, Kabar.id - {P[0]}", P[1], f"Baca Juga: {H[0]}", *P[2:]],
    ),
    "kumparan": (
        f"""<div class="Viewweb"><div><h1 data-qa-id="story-title">{TITLE}</h1></div><div>"""
        + "".join(
            f'<div class="Viewweb"><div data-qa-id="story-paragraph"><span>{p}</span></div></div>'
            '<div class="Viewweb"><div class="ad"></div></div>'
            for p in P
        )
        + "</div></div>",
        P,
    ),
    "viva 2019": (
        f"""{HEADLINE}<div id="article-detail-content" class="article-detail"><p><strong>VIVA
        </strong> – {P[0]}</p>{paras(1)}<div class="lihat-skyscraper"><div class="article-list
        lihat-juga"><h6><b>Lihat Juga</b></h6><ul><li><a href="/1"><div class="thumb"><img
        src="1.jpg"></div><div class="title"><h3>{H[0]}</h3></div></a></li><li class="iklan-18">
        </li><li><a href="/2"><div class="thumb"><img src="2.jpg"></div><div class="title"><h3>
        {H[1]}</h3></div></a></li></ul></div></div>{paras(2, 3, 4)}</div>
        <section class="portlet bacajuga"><h4>Baca Juga</h4>{cards(OUTSIDE[1:3])}</section>""",
        [f"VIVA – {P[0]}", P[1], f"Lihat Juga: {H[0]}", f"Lihat Juga: {H[1]}", *P[2:]],
    ),
    "kapanlagi 2016": (
        f"""<div id="newsdetail-right-new">{HEADLINE}<span class="schedule">Rabu, 19 Januari 2022
        14:30</span><div class="entertainment-detail-news"><b>Kabarlagi.com</b> - {P[0]}<p></p>
        <p>{P[1]}</p><p></p><div class="entertainment-newsdetail-image-caption"><img src="b.jpg">
        Sulastri tersenyum di depan lapak cabainya.</div>{paras(2, 3, 4)}<p></p><h2>Jangan
        Lewatkan!</h2>{link(H[0])}<br>{link(H[1])}<br>{link(H[2])}<br><p></p><p><b>(kbr/sit)</b>
        </p></div></div>""",
        [f"Kabarlagi.com - {P[0]}", *P[1:], *(f"Jangan Lewatkan: {h}" for h in H), "(kbr/sit)"],
    ),
    "wordpress with a plug-in": (
        f"""<article class="post"><h1 class="entry-title">{TITLE}</h1><div class="entry-content">
        {paras(0, 1)}<div class="jnews_inline_related_post_wrapper left"><div
        class="jnews_inline_related_post"><div class="jeg_heading"><h3>Baca Juga</h3></div><div
        class="jeg_posts"><h3 class="jeg_post_title">{link(H[0])}</h3></div></div></div>
        {paras(2)}<p><strong>BACA JUGA</strong>: {link(H[1])}</p>{paras(3, 4)}<div
        class="sharedaddy"><h3>Bagikan:</h3><ul><li class="share-facebook"><a href="#">Facebook</a>
        </li></ul></div></div></article><div id="comments"><ol><li><p>{P[0]} Pedagang di kampung
        saya juga mengeluh, semoga ada jalan keluar dari pemerintah daerah.</p></li></ol></div>""",
        [*P[:2], f"Baca Juga: {H[0]}", P[2], f"BACA JUGA: {H[1]}", *P[3:]],
    ),
    "a table of the old days": (
        f"""<table><tr><td width="160"><a href="/1">Ekonomi</a><br><a href="/2">Politik</a></td>
        <td><font size="4"><b>{TITLE}</b></font><br>Rabu, 19 Januari 2022 14:30 WIB<br><br>
        <font>{P[0]}<br><br>{P[1]}<br><br>(Baca juga: {link(H[0])})<br><br>{P[2]}<br><br>{P[3]}
        <br><br>{P[4]}</font></td><td><a href="/3">{OUTSIDE[0]}</a></td></tr></table>""",
        [*P[:2], f"(Baca juga: {H[0]})", *P[2:]],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_body_and_teasers_of_a_portal_shape(shape):
    article, wanted = SHAPES[shape]
    record = page_record(page(article), "a.html")
    assert record.text.split("\n") == wanted
    assert record.title == TITLE


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read_inside_an_old_page_of_tables_and_forms(shape):
    article, wanted = SHAPES[shape]
    assert text(article, around="form") == wanted


@pytest.mark.parametrize("shape", SHAPES)
def test_headlines_of_other_articles_around_the_body_are_left_out(shape):
    text = page_record(page(SHAPES[shape][0]), "a.html").text
    assert not [headline for headline in OUTSIDE if headline in text]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_linked_teaser_has_its_address(shape):
    article, wanted = SHAPES[shape]
    addresses = page_record(page(article), "a.html").addresses
    linked = {h for h in H if f">{h}</a>" in article or ("kumparan" not in shape and h in addresses)}
    assert set(addresses) == linked
    assert all(address.startswith("https://kabar.example/") for address in addresses.values())
    assert all(any(line.rstrip(")").endswith(h) for line in wanted) for h in addresses)


# --- teasers ---------------------------------------------------------------------------------


def body(*inner: str) -> str:
    return f'{HEADLINE}<div class="read__content">{"".join(inner)}</div>'


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        (f"<p>Baca juga:{link(H[0])}</p>", f"Baca juga: {H[0]}"),
        (f"<p>BACA JUGA : {link(H[0])}</p>", f"BACA JUGA: {H[0]}"),
        (f"<p>Baca Juga {link(H[0])}</p>", f"Baca Juga: {H[0]}"),
        (f"<p><em><strong>Baca juga: {link(H[0])}</strong></em></p>", f"Baca juga: {H[0]}"),
        (f"<p>(Baca juga: {link(H[0])})</p>", f"(Baca juga: {H[0]})"),
        (f"<p>- Baca juga: {link(H[0])}</p>", f"- Baca juga: {H[0]}"),
        (f"<p>Baca juga:&nbsp;{link(H[0])}&nbsp;</p>", f"Baca juga: {H[0]}"),
        (f"<p><a href='/0'>Baca juga: {H[0]}</a></p>", f"Baca juga: {H[0]}"),
        (f"<p><a href='/0'>Baca Juga {H[0]}</a></p>", f"Baca Juga: {H[0]}"),
        (f"<p>Simak juga Video: {link(H[0])}</p>", f"Simak juga Video: {H[0]}"),
        (f"<p><b>Baca juga:</b><br>{link(H[0])}</p>", f"Baca juga: {H[0]}"),
        (f"<p>Baca juga: {link(H[0])} {link(H[1])}</p>", f"Baca juga: {H[0]}\nBaca juga: {H[1]}"),
        (f"<p>Berita terkait: {link(H[0])}</p>", f"Berita terkait: {H[0]}"),
        (f"<p>BACA : {link(H[0])}</p>", f"BACA: {H[0]}"),
        (f"<p>Baca Juga &raquo; {link(H[0])}</p>", f"Baca Juga: {H[0]}"),
        (f"<h4>Artikel Terkait</h4><ul><li>{link(H[0])}</li></ul>", f"Artikel Terkait: {H[0]}"),
        (f"<div class='baca-juga'><ul><li>{link(H[0])}</li></ul></div>", f"Baca juga: {H[0]}"),
        (f"<blockquote><p>Baca juga: {link(H[0])}</p></blockquote>", f"Baca juga: {H[0]}"),
        (f"<p>Baca juga: {H[0]}</p>", f"Baca juga: {H[0]}"),
    ],
)
def test_spellings_and_boxes_of_a_teaser(printed, line):
    assert text(body(paras(0, 1), printed, paras(2))) == [*P[:2], *line.split("\n"), P[2]]


@pytest.mark.parametrize(
    "sentence",
    [
        "Ia mengajak warga, tapi baca juga isi <a href='/tag/buku'>bukunya</a> sampai habis.",
        "Baca juga isi <a href='/tag/buku'>bukunya</a> sampai habis agar tidak salah paham.",
        "Baca <a href='/tag/buku'>buku</a> setiap pagi membuat pikiran para siswa lebih segar.",
        "Simak kisah lengkap para pedagang itu dalam <a href='/tag/buku'>buku ini</a>.",
    ],
)
def test_a_sentence_with_the_words_of_a_marker_stays_a_sentence(sentence):
    lines = text(body(paras(0), f"<p>{sentence}</p>", paras(1)))
    assert lines == [P[0], re.sub("<.*?>", "", sentence), P[1]]


def test_a_teaser_inside_a_paragraph_stays_there_and_has_its_address():
    record = page_record(page(body(paras(0), f"<p>{P[1]} (Baca juga: {link(H[0])})</p>")), "a.html")
    assert record.text.split("\n") == [P[0], f"{P[1]} (Baca juga: {H[0]})"]
    assert record.addresses == {H[0]: "https://kabar.example/0"}


def test_links_in_sentences_are_text_and_no_teasers():
    record = page_record(page(body(f"<p>{P[0]} <a href='/tag/c'>Cabai</a> naik.</p>")), "a.html")
    assert record.text == f"{P[0]} Cabai naik."
    assert record.addresses == {}


def test_addresses_are_made_whole():
    record = page_record(page(body(paras(0), f"<p>Baca juga: <a href='/x'>{H[0]}</a></p>")), "a")
    assert record.addresses == {H[0]: "https://kabar.example/x"}


def test_a_list_of_related_articles_at_the_end_is_no_teaser():
    tail = f"<h4>Artikel Terkait</h4><ul><li>{link(H[0])}</li><li>{link(H[1])}</li></ul>"
    assert text(body(paras(0, 1, 2), tail)) == P[:3]


# --- text ------------------------------------------------------------------------------------


def test_short_paragraphs_of_a_list_article_are_kept():
    winners = ["1. Cabai Terpedas", "Sulastri - Kramat", "2. Lapak Terbersih", "Rahma"]
    lines = text(body(paras(0, 1), *(f"<p>{winner}</p>" for winner in winners), paras(2)))
    assert lines == [*P[:2], *winners, P[2]]


def test_headings_lists_and_quotes_of_the_body_are_kept_in_order():
    items = f"<ol><li>{P[1]}</li><li>{P[2]}</li></ol><blockquote>{P[3]}</blockquote>"
    inner = f"<h2>Harga Terkini</h2>{items}"
    assert text(body(paras(0), inner)) == [P[0], "Harga Terkini", *P[1:4]]


INGREDIENTS = ["200 gram cabai rawit", "5 siung bawang merah", "1 sdm garam", "Minyak secukupnya"]
STEPS = ["Haluskan cabai dan bawang.", "Tumis sampai harum.", "Beri garam, lalu sajikan."]


def listed(items: list[str], tag: str = "ul") -> str:
    return f"<{tag}>" + "".join(f"<li>{item}</li>" for item in items) + f"</{tag}>"


@pytest.mark.parametrize("opening", ["", f"<p>{P[0]}</p>", f"<p>{P[0]}</p><p>{P[1]}</p>"])
@pytest.mark.parametrize("name", ["isi", "entry-content"])
@pytest.mark.parametrize("whole", [True, False], ids=["a portal's page", "a bare page"])
def test_a_recipe_of_lists_keeps_them_and_its_teaser(opening, name, whole):
    article = (
        f"{HEADLINE}<div class='{name}'>{opening}<h2>Bahan</h2>{listed(INGREDIENTS)}"
        f"<p>Baca juga: {link(H[2])}</p><h2>Cara membuat</h2>{listed(STEPS, 'ol')}</div>"
    )
    bare = f"<html><head><title>{TITLE}</title></head><body>{article}</body></html>".encode()
    record = page_record(page(article) if whole else bare, "a.html")
    lines = ["Bahan", *INGREDIENTS, f"Baca juga: {H[2]}", "Cara membuat", *STEPS]
    assert record.text.split("\n") == [p for p in P[:2] if p in opening] + lines
    assert record.addresses == {H[2]: "https://kabar.example/2"}


OTHER_LISTS = {
    "towns": listed([f"Kota {name}" for name in ("Ambon", "Bima", "Dumai", "Garut", "Palu")] * 9),
    "buttons": listed(["Bagikan ke Facebook", "Kirim", "Salin tautan", "Cetak", "Simpan"] * 12),
    "menu": f"<div class='menu'>{listed(['Kabar dari seluruh kota', 'Kabar yang ramai'] * 12)}</div>",
    "links": listed([f"{headline} <a href='/x'>{headline}, kata warga</a>" for headline in OUTSIDE]),
}


@pytest.mark.parametrize("other", OTHER_LISTS)
def test_other_lists_are_no_recipe(other):
    short = f"{HEADLINE}<div class='isi'>{paras(0, 1)}</div>"
    assert text(f"{short}<div class='pilihan-anda'>{OTHER_LISTS[other]}</div>") == P[:2]


def test_an_article_stays_itself_beside_a_list_that_tells_something():
    about = listed([f"Aturan {n} bagi penulis surat itu" for n in range(9)])
    article = f"{HEADLINE}<div class='isi'>{paras(0, 1, 2, 3)}</div>"
    side = f"<div>{cards(OUTSIDE[:3])}{about}</div>"
    assert text(f"<section>{article}{side}</section>") == P[:4]


def test_white_space_is_collapsed_and_typography_stays():
    shown = "<p>Kata  dia,\n  “harga\u00a0cabai” – naik\u200b terus…</p>"
    assert text(body(paras(0, 1), shown))[2] == "Kata dia, “harga cabai” – naik terus…"


def test_captions_scripts_and_share_bars_in_the_body_are_left_out():
    boilerplate = """<figure><img src="b.jpg"><figcaption>Cabai di lapak. Foto: Siti</figcaption>
    </figure><div class="share-bar"><a href="#">Bagikan ke teman</a></div><script>a = 1;</script>
    <table><tr><td><img src="c.jpg"></td></tr><tr><td>Lapak milik Sulastri (Siti)</td></tr></table>
    <noscript>Nyalakan skrip.</noscript><div class="komentar">Tulis komentar Anda di sini.</div>"""
    assert text(body(paras(0, 1), boilerplate, paras(2))) == P[:3]


def test_comments_longer_than_the_article_are_not_the_article():
    comments = "".join(f"<li><b>Budi</b><p>{p} Setuju, {p}</p></li>" for p in P * 3)
    article = body(paras(0, 1, 2)) + f"<ul class='comment-list'>{comments}</ul>"
    assert text(article) == P[:3]


def test_cards_with_summaries_below_the_article_are_not_the_article():
    below = "".join(
        f"<div class='it'><h3><a href='/{n}'>{h}</a></h3><p>{P[n % 5]} Selengkapnya.</p></div>"
        for n, h in enumerate(OUTSIDE * 2)
    )
    assert text(f"{HEADLINE}<div class='x'>{paras(0, 1, 2, 3, 4)}</div><div>{below}</div>") == P


def test_a_page_without_any_known_name_is_read():
    assert text(f"<b>{TITLE}</b><div>{paras(0, 1, 2)}</div>") == P[:3]


# --- title, time, publisher ------------------------------------------------------------------


def bare(head: str, article: str) -> bytes:
    return f"<html><head><meta charset=utf-8>{head}</head><body>{article}</body></html>".encode()


@pytest.mark.parametrize(
    ("head", "article"),
    [
        (f"<title>{TITLE} - Kompas.com</title>", f"<h1>Nasional</h1><h2>{TITLE}</h2>"),
        (f"<title>{TITLE} | Tempo Bisnis</title>", f"<h1>bisnis</h1><h1>{TITLE}</h1>"),
        (f"<title>{TITLE} : Okezone Nasional</title>", ""),
        (f"<title>{TITLE} - Kompas.com</title>", ""),
        (f"<title>{TITLE} | Republika Online</title>", ""),
        (f"<title>{TITLE} - ANTARA News Jawa Timur</title>", ""),
        (f"<title>{TITLE} - Media Pakuan - Media Pakuan</title>"
         "<meta property='og:site_name' content='Media Pakuan'>", ""),
        (f"<title>{TITLE} Halaman all - Kompas.com</title>", ""),
        (f"<title>KapanLagi.com: {TITLE}</title>", ""),
        (f"<title>Beranda</title><meta property='og:title' content='{TITLE}'>", ""),
        (f"<title>x</title><script type='application/ld+json'>"
         f'{{"@type": "NewsArticle", "headline": "{TITLE}"}}</script>', ""),
        ('<title>x</title><script type="application/ld+json">{"@graph": [{"@type": "WebPage"}, '
         f'{{"@type": ["Article"], "headline": "{TITLE}"}}]}}</script>', ""),
    ],
)  # fmt: skip
def test_the_title_is_what_the_page_prints_without_the_portal(head, article):
    assert page_record(bare(head, article + paras(0, 1, 2)), "a.html").title == TITLE


def test_a_heading_says_more_than_the_title_tag():
    head, shown = f"<title>{TITLE} | Republika Online</title>", f"In Picture: {TITLE}"
    html = bare(head, f"<h1>Inpicture</h1><div class=jdl>{shown}</div>{paras(0, 1, 2)}")
    assert page_record(html, "a.html").title == shown


def test_a_title_keeps_its_own_colons_and_dashes():
    title = "Cabai Naik - Sulastri: Ini Harga Gila"
    html = bare(f"<title>{title} - Kompas.com</title>", paras(0, 1, 2))
    assert page_record(html, "a.html").title == title


@pytest.mark.parametrize(
    ("head", "article", "published"),
    [
        ("", "<div>Rabu, 19 Januari 2022 | 14:30 WIB</div>", "2022-01-19T14:30:00+07:00"),
        ("", "<div>Rabu, 19/01/2022 14:30 WITA</div>", "2022-01-19T13:30:00+07:00"),
        ("", "<div>Rabu, 19 Jan 2022, 14.30</div>", "2022-01-19T14:30:00+07:00"),
        ("", "<div>Jumat (12/8/2022) 10.00 WIB</div>", "2022-08-12T10:00:00+07:00"),
        ("<meta name='date' content='1 Pebruari 2022 pukul 10.05 WIB'>", "",
         "2022-02-01T10:05:00+07:00"),
        ("", "<div>- 19 Januari 2022</div>", "2022-01-19T00:00:00+07:00"),
        ("<meta property='article:published_time' content='2022-01-19T14:30:05+07:00'>", "",
         "2022-01-19T14:30:05+07:00"),
        ("<meta name='pubdate' content='2022-01-19 14:30:00'>", "", "2022-01-19T14:30:00+07:00"),
        ("<meta itemprop='datePublished' content='2022-01-18T20:00:00Z'>", "",
         "2022-01-19T03:00:00+07:00"),
        ("<meta itemprop='datePublished' content='2022-01-19T14:30:00Z'>",
         "<div>Rabu, 19 Januari 2022 14:30 WIB</div>", "2022-01-19T14:30:00+07:00"),
        ("<script type='application/ld+json'>{\"@type\": \"NewsArticle\", "
         '"datePublished": "2022-01-19T14:30:00+07:00"}</script>', "", "2022-01-19T14:30:00+07:00"),
        ("<script type='application/ld+json'>{rusak</script>", "<div>Rabu, 19/01/2022</div>",
         "2022-01-19T00:00:00+07:00"),
    ],
)  # fmt: skip
def test_the_time_of_publication(head, article, published):
    html = bare(f"<title>{TITLE}</title>{head}", f"{HEADLINE}{article}{paras(0, 1, 2)}")
    assert page_record(html, "a.html").published == published


@pytest.mark.parametrize(
    ("head", "publisher"),
    [
        ("<meta property='og:site_name' content='Kabar Kota'>", "Kabar Kota"),
        ("<link rel=canonical href='https://www.kabarkota.example/1'>", "kabarkota.example"),
        ("<meta property='og:url' content='https://bola.kabarkota.example/1'>",
         "bola.kabarkota.example"),
        ("", "kabar.example"),
    ],
)  # fmt: skip
def test_the_publisher_is_named_by_the_page_or_by_its_address(head, publisher):
    html = bare(head, f"{HEADLINE}{paras(0, 1)}<p>Baca juga: {link(H[0])}</p>{paras(2)}")
    assert page_record(html, "a.html").publisher == publisher


# --- bytes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "tidak-ada", ""])
def test_the_encoding_is_told_by_the_bytes_before_the_declaration(codec, declared):
    html = f"<html><head><meta charset='{declared}'></head><body>{HEADLINE}{paras(0, 1, 2)}</body>"
    assert page_record(html.encode(codec), "a.html").text.split("\n") == P[:3]


@pytest.mark.parametrize("html", [b"", b"   ", b"\0\0\0", b"<html></html>", b"<p></p><img>"])
def test_a_page_without_text_is_an_error_with_its_name(html):
    with pytest.raises(InputError, match=r"^a\.html: found no"):
        page_record(html, "a.html")


@pytest.mark.parametrize("size", [200, 4_000, 100_000])
def test_bytes_that_are_no_text_are_no_article(size):
    noise = random.Random(size).randbytes(size)
    for junk in (noise, zlib.compress(noise.hex().encode(), wbits=-15)):  # or a page that is still packed
        with pytest.raises(InputError, match=r"^a\.html: found bytes that are no text; expected a saved page"):
            page_record(junk, "a.html")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("start", ['<?xml version="1.0" encoding="{}"?>', "\n<?xml version='1.0' encoding='{}' ?>"])
def test_a_page_of_xhtml_is_read_as_any_other(codec, start):
    html = (
        start.format("windows-1252" if codec == "cp1252" else codec)
        + '\n<?xml-stylesheet href="a.css"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "xhtml1-strict.dtd">'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="id"><head><title>'
        + TITLE
        + '</title><script src="a.js"/></head>'
        f'<body><a name="atas"/>{HEADLINE}<div class="baris"/>{paras(0, 1)}<p>Kafé &nbsp;itu<br/>tutup kemarin sore.</p></body></html>'
    )
    assert page_record(html.encode(codec), "a.html").text.split("\n") == [*P[:2], "Kafé itu", "tutup kemarin sore."]


IMAGES = {
    "in one line": '<img src="data:image/png;base64,{}">',
    "in lines": "<img alt='Cabai' src='data:image/jpeg;base64,{}\n{}'>",
    "without quotes": "<img src=data:image/png;base64,{} alt=Cabai>",
    "in a style": '<div style="background: url(data:image/webp;base64,{})"></div>',
    "a typeface": "<style>@font-face {{ src: url('data:font/woff2;base64,{}') }}</style>",
    "in a script": '<script>let a = {{"foto": "data:image\\/png;base64,{}"}}</script>',
    "as text": '<img src="data:image/svg+xml;charset=utf-8,{}">',
}


@pytest.mark.parametrize("image", IMAGES)
def test_images_written_out_in_a_page_take_none_of_its_text(image):
    html = page(body(paras(0) + IMAGES[image].replace("{}", "Ab0+" * 3_000_000) + paras(1, 2)))
    assert page_record(html, "a.html").text.split("\n") == P[:3]


def test_a_page_of_many_images_is_read_however_large(monkeypatch):
    monkeypatch.setattr(saring.html.page, "MAX_PAGE_BYTES", 100_000)
    image = IMAGES["in one line"].format("Ab0+" * 10_000)
    with PageReader() as reader:
        assert reader.read(page(body(paras(0) + image * 9 + paras(1))), "a.html").text.split("\n") == P[:2]
        with pytest.raises(InputError, match="more than 100,000 bytes"):
            reader.read(page(paras(0) + "kata " * 50_000), "a.html")


def test_a_text_that_tells_of_data_stays():
    text = "Alamatnya data:image/png;base64,iVBORw0KGgo lalu disusul kata-kata biasa yang panjang. "
    assert page_record(page(paras(0) + f"<p>{text * 20}</p>"), "a.html").text.count("disusul") == 20


def test_a_depth_bomb_is_an_error_and_an_entity_bomb_is_not_expanded():
    with pytest.raises(InputError, match=r"a\.html: the page is too deep or too long to read"):
        page_record(b"<html><body>" + b"<div>" * 100_000 + b"teks", "a.html")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE html [<!ENTITY e0 "ha">{entities}]><html><body>{paras(0, 1)}<p>&e9;</p>'
    assert len(page_record(bomb.encode(), "a.html").text) < 1000


@pytest.mark.parametrize(
    "cut", ["<p>", "<div class='", "<a href=x>", "<!-- ", "</div></div></body>", "<table><tr><td>"]
)
def test_a_page_that_breaks_off_is_read_as_far_as_it_goes(cut):
    html = page(body(paras(0, 1, 2))).decode().partition('<div class="foot">')[0] + cut
    assert page_record(html.encode(), "a.html").text.split("\n")[:3] == P[:3]


@pytest.mark.parametrize("title", ["Kabar Kota", "Kabar Kota - Kabar Kota", " - ", ""])
def test_a_title_that_is_the_portal_s_name_alone_breaks_nothing(title):
    head = f"<title>{title}</title><meta property='og:site_name' content='Kabar Kota'>"
    html = f"<html><head>{head}</head><body>{paras(0)}{paras(1)}{paras(2)}</body></html>"
    record = page_record(html.encode(), "a.html")
    assert record.text.split("\n") == P[:3]
    assert record.title in ("Kabar Kota", "-", "")


def test_a_meta_tag_without_a_name_is_passed_over():
    head = """<meta http-equiv="X-UA-Compatible" content="IE=edge">
    <meta http-equiv="refresh" content="600"><meta content="apa saja">"""
    assert text(f"{HEADLINE}{body(paras(0), paras(1), paras(2))}", head=head) == P[:3]


def test_a_page_that_tells_no_date_has_none():
    assert "sejak tahun 2011" in page("").decode()
    assert page_record(page(body(paras(0, 1, 2))), "a.html").published == ""
