"""A bundle whose checksums were made again after a change is refused, or predicts as before.

Whoever can write a bundle can write its checksums. So nothing in it is trusted: each change ends in
`BundleError`, or leaves the predictions as they were; never in another error, a wait or a wrong
memory access.
"""

import hashlib
import io
import json
import random
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

import saring
from saring.errors import BundleError
from saring.store import to_json, version_of

ARTICLES = [
    {"title": "Rupiah Menguat Terhadap Dolar AS",
     "text": "JAKARTA - Rupiah ditutup menguat pada perdagangan sore ini. Bank sentral menahan suku bunga.\n"
     "Baca Juga: Bank Sentral Tahan Suku Bunga\nBaca Juga: Potret Mesra Artis dan Kekasih Barunya\n"
     "Pelaku pasar menanti data inflasi Oktober 2022."},
    {"title": "VIRAL! Begini Cara Artis Ini Menurunkan Berat Badan 10 Kg", "text": "Ia berlari tiap pagi."},
    {"title": "", "text": "Presiden bertemu perdana menteri."},
]  # fmt: skip
FILES = ("topic.npz", "link.npz", "clickbait.npz")
# JSON values that are none of what stands there.
ODD = [None, True, -1, 0, 1.5, 1e308, "", "x", "\x1b[2J\u202e", [], ["a"], [[]], {}, {"a": 1}, 10**30, "[" * 99]


def answers(folder: Path):
    """What a model says, without what names it."""
    rows = [p.row() for p in saring.load(folder).predict(ARTICLES)]
    return [{k: v for k, v in row.items() if k not in ("model_version", "scored_at")} for row in rows]


@pytest.fixture(scope="module")
def whole(bundle_folder):
    """The files of a bundle, and what it says."""
    return {path.name: path.read_bytes() for path in bundle_folder.iterdir()}, answers(bundle_folder)


def with_checksums(folder: Path, files: dict[str, bytes], card) -> Path:
    """Write files with a card and checksums that fit them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name.endswith(".npz")}
    if isinstance(card, dict) and "model_version" in card:
        with suppress(TypeError, ValueError, RecursionError):
            card = card | {"model_version": version_of(card, digests)}
    data = json.dumps(card).encode()
    (folder / "card.json").write_bytes(data)
    sums = {"card.json": hashlib.sha256(data).hexdigest(), **digests}
    (folder / "checksums.json").write_bytes(to_json(sums))
    for name in digests:
        (folder / name).write_bytes(files[name])
    return folder


def refused_or_sound(folder: Path, before=None) -> None:
    """Refused, or the same answers; of other numbers in whole arrays, which are another model, sound ones."""
    try:
        rows = answers(folder)
    except BundleError as error:
        assert str(folder) in str(error)
        return
    if before is not None:
        assert rows == before
    for row in rows:
        told = [value for name, value in row.items() if name.startswith("p_")]
        told += [link["p_unrelated"] for link in row["links"]] + [row["clickbait"] or 0.0]
        assert all(0 <= p <= 1 for p in told), told


# changes of the card


@contextmanager
def noted(case: str) -> Iterator[None]:
    """Name the case of what is raised: a test tries many of them."""
    try:
        yield
    except Exception as error:
        error.add_note(case)
        raise


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def changed(card, path, value):
    """A card with another value at a place; `...` takes it out."""
    if not path:
        return value
    new = deepcopy(card)
    inner = new
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return new


# A card may say other things of these and predict the same; of topics it decides the names.
NAMES = ("labels", "topic")


def test_a_card_with_any_value_replaced_is_refused_or_predicts_the_same(whole, tmp_path):
    files, before = whole
    card = json.loads(files["card.json"])
    dice = random.Random(7)
    every = [path for path in places(card) if path[:1] in (("labels",), ("thresholds",), ("format",), ("created",))]
    every += [(), *((key,) for key in card), *dice.sample(list(places(card)), 8)]
    for path in every:
        for value in (..., *dice.sample(ODD, 1)):
            if value is ... and not path:
                continue
            altered = changed(card, path, value)
            if path[:1] == ("thresholds",) and type(value) in (int, float):
                continue  # another number is another model
            if path[:2] == NAMES and len(path) == 3 and isinstance(value, str) and value:
                continue  # so is another name of a topic
            with noted(f"{path} = {value!r}"):
                refused_or_sound(with_checksums(tmp_path / "m", files, altered), before)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_thresholds_that_are_no_numbers_are_refused(whole, tmp_path, number):
    files, _ = whole
    card = json.loads(files["card.json"])
    for name in card["thresholds"]:
        text = json.dumps(changed(card, ("thresholds", name), "HERE")).replace('"HERE"', number)
        folder = with_checksums(tmp_path / "m", files, card)
        (folder / "card.json").write_text(text)
        sums = json.loads((folder / "checksums.json").read_bytes())
        sums["card.json"] = hashlib.sha256(text.encode()).hexdigest()
        (folder / "checksums.json").write_bytes(to_json(sums))
        with pytest.raises(BundleError, match="m"):
            answers(folder)


# changes of the arrays


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, method=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def bad_number(array, dice, value):
    """An array with one number that cannot be."""
    if array.dtype.kind not in "fiu" or not array.size:
        return array.astype("U3")
    if array.dtype.kind != "f":
        value = np.iinfo(array.dtype).max
    array = array.copy()
    array.flat[dice.randrange(array.size)] = value
    return array


CHANGES = {
    "empty": lambda a, dice: np.atleast_1d(a)[:0],
    "shorter": lambda a, dice: a[:-1] if a.ndim else a.reshape(1),
    "longer": lambda a, dice: np.concatenate([a, a[-1:]]) if a.ndim else np.stack([a, a]),
    "flat": lambda a, dice: a.reshape(-1) if a.ndim > 1 else a[..., None],
    "one more axis": lambda a, dice: a[None],
    "turned": lambda a, dice: a.T if a.ndim > 1 else a.reshape(1, -1),
    "nothing": lambda a, dice: np.array("x"),
    "as text": lambda a, dice: a.astype("U8") if a.size < 10_000 else np.array("x"),
    "as bytes": lambda a, dice: np.frombuffer(a.tobytes(), np.uint8),
    "as integers": lambda a, dice: a.astype(np.int64) + 1 if a.dtype.kind == "f" else a.astype(np.int64) * 1000,
    "as halves": lambda a, dice: a.astype(np.float16).astype(np.float16) if a.dtype.kind == "f" else a.astype(np.float64) + 0.5,
    "as complex": lambda a, dice: a.astype(np.complex128) if a.dtype.kind in "fiu" else a.astype("U9"),
    "as times": lambda a, dice: np.zeros(a.shape, "datetime64[s]"),
    "as pickles": lambda a, dice: np.array([print, {"a": 1}], dtype=object),
    "as records": lambda a, dice: np.zeros(a.shape, [("a", "f8"), ("b", "i4")]),
    "not a number": lambda a, dice: bad_number(a, dice, np.nan),
    "infinite": lambda a, dice: bad_number(a, dice, -np.inf),
    "all not a number": lambda a, dice: np.full(a.shape, np.nan),
    "huge lengths": lambda a, dice: np.full(a.shape, np.iinfo(np.uint32).max, np.uint32),
    "minus one": lambda a, dice: np.full(a.shape, -1, np.int64),
}  # fmt: skip


def test_arrays_changed_in_any_way_are_refused_or_predict_soundly(whole, tmp_path):
    files, _ = whole
    card = json.loads(files["card.json"])
    dice = random.Random(11)
    for name in FILES:
        members = members_of(files[name])
        arrays = [key for key in members if key.endswith(".npy")]
        for change, make in CHANGES.items():
            for key in dice.sample(arrays, 1):
                array = np.load(io.BytesIO(members[key]), allow_pickle=False)
                data = packed([*(members | {key: npy(make(array, dice))}).items()])
                with noted(f"{name}: {key}: {change}, {array.dtype}, {array.shape}"):
                    refused_or_sound(with_checksums(tmp_path / "m", files | {name: data}, card))


def test_members_missing_swapped_added_twice_or_bombs_are_refused_or_predict_soundly(whole, tmp_path):
    files, _ = whole
    card = json.loads(files["card.json"])
    dice = random.Random(13)
    bomb = io.BytesIO()
    np.lib.format.write_array_header_1_0(bomb, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    evil = {
        "../x.npy": npy(np.zeros(3)), "/etc/x.npy": b"", "a" * 5000: b"", "tree.json": b"[]", "x/": b"",
        "\x1b]0;a\x07.npy": npy(np.zeros(3)), "topic.npy": b"\x93NUMPY", "bomb.npy": bomb.getvalue(),
    }  # fmt: skip
    for name in FILES:
        members = [*members_of(files[name]).items()]
        variants = [members[:i] + members[i + 1 :] for i in dice.sample(range(len(members)), 3)]
        variants += [[*members, item] for item in evil.items()]
        variants += [[(key, data[:-1]) for key, data in members], [(key, data + b"x") for key, data in members], []]
        variants += [[*members, members[0]]]
        for i, j in zip(*(dice.sample(range(len(members)), 3) for _ in "ij"), strict=True):
            swapped = dict(members)
            swapped[members[i][0]], swapped[members[j][0]] = (members[j][1], members[i][1])
            variants.append([*swapped.items()])
        i = dice.randrange(len(members))
        variants += [[*members[:i], (members[i][0], bomb.getvalue() + b"\0" * 99), *members[i + 1 :]]]
        for number, variant in enumerate(variants):
            data = packed(variant)
            with noted(f"{name}: variant {number}"):
                refused_or_sound(with_checksums(tmp_path / "m", files | {name: data}, card))
        for data in (b"", b"PK", files[name][:-30], b"x" + files[name], packed(members, zipfile.ZIP_STORED),
                     packed(members, zipfile.ZIP_BZIP2), packed(members, zipfile.ZIP_LZMA)):  # fmt: skip
            refused_or_sound(with_checksums(tmp_path / "m", files | {name: data}, card))


def test_bytes_altered_anywhere_in_an_array_file_are_refused_or_predict_soundly(whole, tmp_path):
    files, _ = whole
    card = json.loads(files["card.json"])
    dice = random.Random(17)
    for name in FILES:
        data = files[name]
        for _ in range(10):
            at = dice.choice([dice.randrange(len(data)), dice.randrange(200), len(data) - 1 - dice.randrange(600)])
            altered = bytearray(data)
            altered[at] ^= 1 << dice.randrange(8)
            with noted(f"{name}: byte {at}"):
                refused_or_sound(with_checksums(tmp_path / "m", files | {name: bytes(altered)}, card))


def test_a_symbolic_link_a_folder_or_a_file_too_many_is_refused(whole, tmp_path):
    files, _ = whole
    card = json.loads(files["card.json"])
    for spoil in (
        lambda m: ((m / "topic.npz").rename(tmp_path / "t"), (m / "topic.npz").symlink_to(tmp_path / "t")),
        lambda m: (m / "more").mkdir(),
        lambda m: (m / "more.npz").write_bytes(files["topic.npz"]),
        lambda m: (m / "topic.npz").unlink(),
        lambda m: ((m / "card.json").unlink(), (m / "card.json").symlink_to("/dev/zero")),
        lambda m: (m / "\u202e\x1b").write_bytes(b""),
    ):  # fmt: skip
        folder = with_checksums(tmp_path / "m", files, card)
        spoil(folder)
        with pytest.raises(BundleError):
            answers(folder)
