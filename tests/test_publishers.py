"""One portal, one name: its registrable domain, however it prints itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring import publishers
from saring.batch.parts import Task
from saring.predict import load
from saring.publishers import canonical_publisher

PORTALS = {
    "antaranews.com": [
        "antaranews.com", "otomotif.antaranews.com", "Antara News", "ANTARA", "Antara News Jawa Timur",
        "https://www.antaranews.com/berita/1/judul", "antaranews", "LKBN Antara", "ANTARANEWS.COM",
    ],
    "detik.com": [
        "detikfinance", "detikNews", "detikcom", "Detik.com", "20.detik.com", "detikHot", "detik",
        "news.detik.com:443/berita", "//finance.detik.com/x?y=1#z", "redaksi@detik.com", "detik Jabar",
    ],
    "kompas.com": ["bola.kompas.com", "KOMPAS.com", "Kompas", "Kompas Bola", "Kompas. com", "KOMPAS.com - Nasional"],
    "kompas.tv": ["KOMPAS TV", "www.kompas.tv"],
    "republika.co.id": ["Republika Online", "www.republika.co.id", "REPUBLIKA.CO.ID", "khazanah.republika.co.id."],
    "tempo.co": ["Tempo Gaya", "gaya.tempo.co", "Tempo.co", "TEMPO"],
    "viva.co.id": ["VIVA", "viva.co.id", "VIVA.co.id", "Viva Bola"],
    "tribunnews.com": ["Tribun Jabar", "jabar.tribunnews.com", "tribunjogja.com", "TRIBUNNEWS.COM, Bandung"],
    "liputan6.com": ["Liputan6", "Liputan 6", "Liputan6.com, Jakarta", "m.liputan6.com"],
    "mediaindonesia.com": ["Media Indonesia", "m.mediaindonesia.com"],
    "okezone.com": ["celebrity.okezone.com", "Okezone News", "okezone"],
    "warta.my.id": ["warta.my.id", "www.warta.my.id"],
    "kabar.blogspot.com": ["kabar.blogspot.com", "http://www.kabar.blogspot.com/2020/01/x.html"],
    "dinas.go.id": ["https://dinas.go.id", "berita.dinas.go.id"],
    "warta.co.uk": ["www.warta.co.uk"],
}  # fmt: skip


@pytest.mark.parametrize(("printed", "domain"), [(name, domain) for domain in PORTALS for name in PORTALS[domain]])
def test_a_portal_has_one_name(printed, domain):
    assert canonical_publisher(printed) == domain


@pytest.mark.parametrize(
    "name",
    [
        "Media Ciremai", "Suara Surabaya", "Suara Merdeka Kita", "Kompas Lembah", "Tribunaka Seleb", "Republik Pagi",
        "Detak Kota", "Harian Lembah", "PT. Warta Kita", "No.1", "Antara Kita", "Bisnis Bola", "Tempo Doeloe",
    ],
)  # fmt: skip
def test_a_name_that_only_begins_alike_stays(name):
    assert canonical_publisher(name) == name
    assert canonical_publisher(f"  {name}\n") == name


@pytest.mark.parametrize(
    ("printed", "url", "name"),
    [
        ("", "https://www.wartalembah.com/1", "wartalembah.com"),
        ("Warta Lembah", "https://www.wartalembah.com/1", "wartalembah.com"),  # its own name
        ("Warta", "https://kota.wartalembah.com/1", "wartalembah.com"),
        ("Kabar Kota", "https://www.wartalembah.com/1", "Kabar Kota"),  # taken over from another
        ("Rina W.", "https://news.detik.com/1", "detik.com"),  # a known portal's page
        ("kompas", "https://www.agregator.example/1", "kompas.com"),
        ("https://127.0.0.1/x", "https://news.detik.com/1", "detik.com"),
        ("", "berita-1.html", ""),
        ("", "file:///berita/1.com", ""),
    ],
)
def test_the_address_tells_where_the_name_does_not(printed, url, name):
    assert canonical_publisher(printed, url) == name


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1/x", "//", "https://co.id/1", "www.",
        "mailto:a", "ftp://arsip/x", "https://", "http://a b.com/x",
    ],
)  # fmt: skip
def test_an_address_without_a_domain_is_no_publisher(url):
    assert canonical_publisher(url) == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_printed_gives_a_name_that_is_stable_and_no_address(printed, url):
    for name in (printed, f"https://{printed}", f"https://{printed}.com/{url}"):
        found = canonical_publisher(name, url)
        assert "://" not in found
        assert canonical_publisher(found) == found


@given(
    st.from_regex(r"[a-z][a-z0-9-]{2,10}[a-z]", fullmatch=True),
    st.sampled_from([".com", ".id", ".co.id", ".go.id", ".web.id", ".co", ".net", ".tv", ".news"]),
    st.sampled_from(["", "www.", "m.", "a.b.", "otomotif."]),
    st.sampled_from(["{}", "https://{}", "http://{}/a/b?c=d", "{}/x", "//{}", "{}."]),
)
def test_subdomains_and_paths_do_not_matter(label, suffix, below, form):
    domain = publishers._portal(label + suffix)
    assert canonical_publisher(form.format(below + label + suffix)) == domain
    assert domain in (label + suffix, publishers.load_publishers().by_name.get(publishers._key(label), ""))


def test_no_name_in_the_table_is_another_portals():
    known = publishers.load_publishers()
    for name, domain in known.by_name.items():
        assert publishers._named(name) == domain


def test_rows_have_the_printed_name_beside_it(bundle_folder):
    model = load(bundle_folder)
    rows = [
        {"text": "Harga beras naik.", "publisher": "detikfinance", "url": "https://finance.detik.com/1"},
        {"text": "Harga beras naik.", "publisher": "https://www.wartalembah.com/1"},
        {"text": "Harga beras naik."},
        {"text": "", "publisher": "Antara News"},
    ]  # fmt: skip
    expected = [
        ("detik.com", "detikfinance", "https://finance.detik.com/1"),
        ("wartalembah.com", "wartalembah.com", "https://www.wartalembah.com/1"),  # an address is no name
        (None, None, None),
        ("antaranews.com", "Antara News", None),
    ]
    found = [p.row() for p in model.predict(rows)]
    assert [(row["publisher"], row["publisher_printed"], row["url"]) for row in found] == expected
    from saring.article import Record

    table = Task("clean", None, "none").table([Record("a", **rows[0]), Record("b", **rows[2])])
    cleaned = zip(table["publisher"], table["publisher_printed"], table["url"], strict=True)
    assert list(cleaned) == [expected[0], expected[2]]
