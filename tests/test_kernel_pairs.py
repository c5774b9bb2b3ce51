"""The kernel of pairs says what plain Python says, of every article and headline there can be."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from saring import store
from saring.kernel import scoring
from saring.kernel.scorers import CompiledPairScorer
from saring.kernel.text_arrays import PAIR_SOURCES, SLICE_BYTES
from saring.models.pair_features import BODY_CHARS, FEATURES, LEAD_CHARS, LEAD_WORDS, PairScorer
from saring.models.pair_fitting import PairFeatures
from saring.text import ABBREVIATIONS, MAX_LINE_CHARS
from saring.training.corpus import read_corpus

# Reading the kernel takes half a second, compiling it ten: once is enough.
CLOSE = {"rtol": 1e-12, "atol": 1e-12}

# fmt: off
WORDS = [
    "Harga", "telur", "TELUR", "telurAyam", "kenaikan", "naik", "di", "Pasar", "pasar", "Jakarta", "KPK", "banjir",
    "tanah", "longsor", "PresidenSoltera", "jalanTol", "aBCd", "abcDef", "xabcDefGhi", "dr", "No", "Prof", "H", "S.H",
    "x-dr", "rp", "Rp", "5", "12", "2024", "-1.250", "Rp15.000", "covid19", "_", "a", "é", "É", "e\u0301", "straße",
    "Alexander", "Lukashenko", "Belarus", "Minsk", "Persija", "Macan", "Kemayoran", "Abdel", "Fattah", "Al", "Sisi",
    "ẞ", "ǅ", "²", "٣٤", "漢字", "ไทย", "😀", "𝐀", "\u200c", "\ufeff", "\ud83d", "\0",
]
MARKS = [
    " ", " ", " ", " ", ", ", ". ", ".", "? ", "!", ".\n", "\n", "\n\n", ' "', '" ', '."', '." ', ".” ", ") ", "(", "-",
    "...", ". . .", " . ", "--", ":", ";", "\t", "\xa0", ".\xa0", "\u2003", "\x1f", "\x1c", "\x85", "\u2028", "  ",
]
# fmt: on
ODD = ["İzmir", "ΑΣ", "Σ"]
pieces = st.sampled_from([*WORDS, *WORDS, *MARKS, *MARKS, *MARKS])
texts = st.one_of(
    st.lists(pieces, max_size=120).map("".join),
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(MARKS)), max_size=80).map(
        lambda pairs: "".join(word + mark for word, mark in pairs)
    ),
    st.text(st.characters(exclude_categories=()), max_size=60),
)
articles = st.tuples(texts, texts)


@pytest.fixture(scope="module")
def corpus(embedded_corpus):
    """Articles, each with its own headlines and one of its neighbour."""
    found = [labelled.article for labelled in read_corpus(embedded_corpus)][::4]
    return [
        (one.title, one.body, headline)
        for one, other in zip(found, [*found[1:], found[0]], strict=True)
        for headline in (*(link.headline for link in one.links), other.title, one.title)
    ]


@pytest.fixture(scope="module")
def parameters(corpus):
    """What is learned of pairs from few articles."""
    few = [*dict.fromkeys((title, body, "") for title, body, _ in corpus)][::3]
    words = [(" ".join(WORDS[:24]), " ".join(WORDS[n:]), "") for n in range(3)]
    fitted = PairFeatures(min_df=1, dimensions=8).fit([*few, *words])
    known = {*fitted.parameters_.abbreviations, *ABBREVIATIONS, "m.si", "v.2", "akun,"}
    return replace(fitted.parameters_, abbreviations=sorted(known))


@pytest.fixture(scope="module")
def pair_scorers(parameters):
    return PairScorer(parameters), CompiledPairScorer(parameters)


def agree(pair_scorers, pairs):
    """Plain Python and the kernel give the same features and evidence."""
    (expected, told), (features, evidence) = (pair_scorer.features_and_evidence(pairs) for pair_scorer in pair_scorers)
    for i, name in enumerate(FEATURES):
        np.testing.assert_allclose(features[:, i], expected[:, i], err_msg=name, **CLOSE)
    for one, other in zip(told, evidence, strict=True):
        assert [(term.word, term.shared) for term in one] == [(term.word, term.shared) for term in other]
        assert [term.weight for term in one] == pytest.approx([term.weight for term in other])


# what plain Python says


def test_pairs_of_the_corpus_are_judged_as_plain_python_judges_them(pair_scorers, corpus):
    agree(pair_scorers, corpus)


@settings(max_examples=500)
@given(st.lists(st.tuples(articles, st.lists(texts, max_size=3)), min_size=1, max_size=3))
def test_so_are_texts_of_whatever_letters(pair_scorers, given):
    agree(pair_scorers, [(*article, headline) for article, lines in given for headline in lines])


@settings(max_examples=500)
@given(texts)
@example('Prof telur. Ayam naik dr. Harga (5. KPK)." --H. No.\xa0. . .pasar!di !"')
def test_the_best_sentence_is_found_wherever_sentences_may_end(pair_scorers, body):
    lines = ["telur naik pasar", "Harga di Jakarta", "dr KPK harga", "tanah longsor", "12 2024 telur"]
    agree(pair_scorers, [("", body, line) for line in lines])


BEFORE = [
    "kami", "Ini", "dr", "H", "h", "S.H", "x-dr", "M.Si", "si", "v.2", "2", "5", "12", "Rp15.000", "akun", "12%",
    "covid19", "_", "__", "x)", "kata”", "é", "Ⓐ", "²", "ini!(12", "dr\xa0x", "",
]  # fmt: skip
BEHIND = ["kami", "Kami", "Kami,", "Kami!)", "“Kami", '"kami', "(kami", "12", "dr.", "é", "KAMI.DI"]


@pytest.mark.parametrize("mark", [mark for mark in MARKS if set(mark) & set(".?!")])
def test_every_mark_behind_every_sort_of_word_ends_a_sentence_or_not(pair_scorers, mark):
    bodies = [f"Telur {one}{mark}{two} pasar" for one in BEFORE for two in BEHIND]
    agree(pair_scorers, [("", body, "Telur di pasar") for body in bodies])


@given(texts, texts, texts, st.sampled_from(ODD))
def test_texts_whose_small_letters_hang_on_their_neighbours_are_left_to_python(
    pair_scorers, title, body, headline, odd
):
    agree(
        pair_scorers,
        [
            (title, f"{body} {odd}", headline),
            (f"{odd} {title}", body, headline),
            (title, body, f"{headline} {odd}"),
            (title, body, headline),
        ],
    )


HEADLINES = ["Harga telur naik", "Telur di pasar Jakarta", "12 telurAyam", "", "!", "a"]
STRANGE = {
    "nothing": ("", ""),
    "a title alone": ("Harga telur naik", ""),
    "a body alone": ("", "Harga telur naik."),
    "lines in a title": ("Harga\ntelur naik. Pasar\r\nramai", "Telur di pasar."),
    "one word": ("", "telur"),
    "one letter": ("t", "a"),
    "letters": ("", "a b c d " * 900),
    "one word without end": ("", "telur" * 3000),
    "words longer than any": ("", ("telur" * 7 + " ") * 200),
    "a line longer than any": ("", "Harga telur naik di pasar itu. " * (MAX_LINE_CHARS // 20)),
    "a body longer than any": ("", "Harga telur naik di pasar.\n" * (BODY_CHARS // 20)),
    "a lead of few words": ("", "telur" + "x" * (LEAD_CHARS - 7) + " pasar naik"),
    "a lead that ends in a word": ("", "x" * (LEAD_CHARS - 3) + " telur naik"),
    "glued words alone": ("JakartaPasar", "TelurAyam jalanTol " * (LEAD_WORDS // 3)),
    "marks": ("?!", ". " * 3000 + "!" * 3000),
    "no spaces": ("", "telur.naik.pasar?" * 1000),
    "many sentences": ("", "Telur naik. " * 3000),
    "emoji": ("😀", "😀telur 👨\u200d👩\u200d👧 naik. 😀"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_so_are_texts_of_strange_make(pair_scorers, name):
    agree(pair_scorers, [(*STRANGE[name], headline) for headline in (*HEADLINES, STRANGE[name][1][:9000])])


def test_texts_of_all_sorts_may_stand_in_one_batch(pair_scorers):
    agree(pair_scorers, [(*text, line) for line in HEADLINES for text in STRANGE.values()])


@pytest.mark.parametrize("word", ["telur", "😀 telur", "pasarInduk", "x telur"])
def test_title_lead_and_their_directions_end_also_inside_a_word(pair_scorers, word):
    filler = "kata lain " * 200
    bodies = [f"{'x' * (k + 1)} {filler[: 520 + k]}{word} {word} {filler}" for k in range(90)]
    agree(pair_scorers, [("Judul", body, "Telur di pasar induk") for body in bodies])


# one batch


def test_no_digit_depends_on_neighbours_threads_or_slices(pair_scorers, corpus, monkeypatch):
    _, pair_scorer = pair_scorers
    features, evidence = pair_scorer.features_and_evidence(corpus)
    order = np.random.default_rng(0).permutation(len(corpus))
    mixed, told = pair_scorer.features_and_evidence([corpus[i] for i in order])
    assert np.array_equal(mixed, features[order])
    assert told == [evidence[i] for i in order]
    alone = [pair_scorer.features_and_evidence([pair])[0][0] for pair in corpus[:50]]
    assert np.array_equal(alone, features[:50])
    many = corpus * (1 + SLICE_BYTES // sum(len(body) for _, body, _ in corpus))
    many = [(f"{title} {n}", body, line) for n, (title, body, line) in enumerate(many)]
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("SARING_THREADS", threads)
        found.append(pair_scorer.features_and_evidence(many)[0])
    assert np.array_equal(*found)


def test_no_pairs_have_no_features(pair_scorers):
    for pair_scorer in pair_scorers:
        features, evidence = pair_scorer.features_and_evidence([])
        assert (features.shape, evidence) == ((0, len(FEATURES)), [])


def test_links_are_the_same_with_and_without_the_kernel(bundle_folder, corpus, monkeypatch):
    model = store.load(bundle_folder).link
    found = []
    for switch in "10":
        monkeypatch.setenv(scoring.SWITCH, switch)
        found.append(scoring.links(model, corpus[:200]))
    (one, told), (other, evidence) = found
    np.testing.assert_allclose(one, other, **CLOSE)
    for here, there in zip(told, evidence, strict=True):
        assert [(term.word, term.shared) for term in here] == [(term.word, term.shared) for term in there]


# what is kept on disk


def imports(module):
    """The modules of saring that a module names in import statements."""
    tree = ast.parse(Path(find_spec(module).origin).read_text("utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in found if name.startswith("saring.")}


def test_all_that_is_compiled_into_the_kernel_is_part_of_its_digest():
    kernel = [name for name in PAIR_SOURCES if name.startswith("saring.kernel.")]
    digested = {*PAIR_SOURCES, "saring.kernel.text_arrays"}  # where the digest is from, and nothing compiled
    assert set().union(*map(imports, kernel)) | {"saring.kernel.pair_loops"} == digested


def test_a_change_in_another_file_is_compiled_anew(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "entry.py").write_text(
        dedent("""
        from package.part import answer
        from numba.types import int64
        from saring.kernel.loops import native
        from saring.kernel.text_arrays import digest

        def entry(sources):
            @native(int64)
            def ask(n):
                assert sources
                return n * answer()
            return ask

        ask = entry(digest("package.part"))
        print(ask(1))
        """)
    )
    said = []
    for number in (6, 6, 7):
        (package / "part.py").write_text(
            f"from saring.kernel.loops import native\n@native()\ndef answer():\n    return {number}\n"
        )
        env = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        said.append(
            subprocess.run(
                [sys.executable, "-m", "package.entry"],
                check=True,
                env=env,
                cwd=tmp_path,
                capture_output=True,
                text=True,
            ).stdout.split()[0]
        )
    assert said == ["6", "6", "7"]
