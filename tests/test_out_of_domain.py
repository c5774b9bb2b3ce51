"""The out-of-domain score: news of one's own language is the least out of domain, whatever a text is about."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring import store
from saring.models import plain_scorer as module
from saring.models.plain_scorer import MOST_OUT_OF_DOMAIN, PULL_WORDS

NEWS = [
    (
        "Jembatan Desa Putus Diterjang Banjir",
        "Warga desa menyeberang dengan rakit sejak jembatan putus akibat banjir pada Senin. "
        "Pemerintah kabupaten berjanji membangun jembatan baru tahun ini.",
    ),
    (
        "Rupiah Menguat terhadap Dolar AS",
        "Rupiah menguat terhadap dolar AS pada Senin. Bank Indonesia menahan suku bunga acuan "
        "karena inflasi turun. Pelaku pasar menanti data ekspor.",
    ),
    (
        "Penyanyi Itu Rilis Album Baru",
        "Penyanyi asal Bandung itu merilis album baru bersama suaminya. Para penggemar memenuhi "
        "media sosial dengan ucapan selamat.",
    ),
]
STRANGERS = {
    "Malay": (
        "Elaun Kakitangan Dijangka Naik",
        "Jawatankuasa itu memaklumkan bahawa elaun kakitangan syarikat dijangka naik kerana "
        "belanjawan baharu, manakala pengerusi berkata mesyuarat seterusnya pada hari Isnin.",
    ),
    "English": (
        "The bridge was washed away",
        "The bridge that joined both halves of the village was washed away during the night. "
        "Nobody was hurt, but children cannot get to school until the road has been cleared.",
    ),
    "code": (
        "def total(prices):",
        "def total(prices): return sum(price.amount for price in prices if price.valid)\n"
        "assert total([]) == 0 and isinstance(total, Callable)\nwhile queue: queue.pop().run()",
    ),
}
MENU = "\n".join(f"{dish} {price}" for price in range(10, 20) for dish in ("Soto ayam", "Es teh"))


@pytest.fixture(scope="module")
def model(bundle_folder):
    """A topic model fitted on a small corpus."""
    return store.load(bundle_folder).topic


def out_of_domain(model, rows):
    return module.out_of_domain(rows, model.whole.terms, model.whole.idf, model.min_df)


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_no_indonesian_news_is_stranger_than_any_news(model, name):
    assert out_of_domain(model, [STRANGERS[name]])[0] > out_of_domain(model, NEWS).max()


def test_a_first_answer_reads_the_few_words_of_malay_and_not_the_lexicon(bundle_folder):
    code = (
        "import sys, saring\n"
        "opened = []\n"
        "sys.addaudithook(lambda what, args: opened.append(args[0]) if what == 'open' else None)\n"
        "saring.load(sys.argv[1]).predict([{'title': 'Harga Beras', 'text': 'Harga naik.'}])\n"
        "print([n for n in ('malay', 'lexicon') if any(f'{n}.toml' in str(o) for o in opened)])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, bundle_folder], capture_output=True, text=True, check=True)
    assert done.stdout == "['malay']\n"


def test_malay_is_told_by_the_words_that_it_alone_has(model):
    (plain,) = out_of_domain(model, [("", "Menteri berkata harga beras naik pada Senin.")])
    (malay,) = out_of_domain(model, [("", "Menteri berkata harga beras naik kerana bahawa Isnin.")])
    (unknown,) = out_of_domain(model, [("", "Menteri berkata harga beras naik zyxw zyxwa zyxwb.")])
    assert plain < unknown < malay


@pytest.mark.parametrize("row", [("", ""), ("", "... --- ?"), ("!", "")], ids=repr)
def test_a_text_without_words_is_as_strange_as_can_be(model, row):
    assert out_of_domain(model, [row]).tolist() == [MOST_OUT_OF_DOMAIN]


def test_so_are_many_words_without_the_end_of_a_sentence(model):
    assert out_of_domain(model, [("Menu", MENU)])[0] == MOST_OUT_OF_DOMAIN
    assert out_of_domain(model, [("Menu", f"{MENU}.")])[0] < MOST_OUT_OF_DOMAIN
    assert out_of_domain(model, [("Harga soto ayam naik", "")])[0] < MOST_OUT_OF_DOMAIN  # a headline alone


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_text_has_a_finite_strangeness_of_its_own(model, title, body):
    alone = out_of_domain(model, [(title, body)])
    assert 1 < alone[0] <= MOST_OUT_OF_DOMAIN
    assert out_of_domain(model, [*NEWS, (title, body)])[-1] == alone[0]


def test_one_odd_word_does_not_make_a_headline_strange(model):
    usual, odd = ("Harga naik", ""), ("Harga zyxwabc", "")
    few, many = out_of_domain(model, [usual, odd])
    (long,) = out_of_domain(model, [("", "zyxwabc " * 4 * PULL_WORDS + ".")])
    assert few < many < long


def test_no_rows_have_no_strangeness(model):
    assert out_of_domain(model, []).shape == (0,)
