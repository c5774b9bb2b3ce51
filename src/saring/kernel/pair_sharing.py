"""Compiled: what a headline and an article share, from groups of terms to the best sentence.

`saring.models.pair_features` is the definition in Python.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saring.kernel.loops import LETTER, MARK, MISSING, SEED, Int, Numbers, Records, add_letter, joined, native, slot_of
from saring.kernel.pair_reading import QUAD, Terms, Text, find
from saring.models.pair_features import KEY_TERMS, LEAST_GROUP, LEAST_NAME, MIN_KEY_CHARS, MIN_STEM_CHARS, MOST_NAME


class Scratch(NamedTuple):
    """What is counted of one text."""

    counts: Numbers  # how often it has each group
    leads: Numbers  # whether its title or lead has each group
    direction: Numbers  # where it lies in the latent space
    times: Numbers  # how often it has the word of each row of `Terms.axes`
    touched: Numbers  # the rows of which it has some
    known: Numbers  # whether it has each known term


@native(allocates=True)
def scratch_for(terms: Terms) -> Scratch:
    """Return room for what is counted."""
    n_groups, (n_rows, n_axes) = len(terms.subject_weights) + len(terms.group_weights), terms.axes.shape
    return Scratch(
        np.zeros(n_groups), np.zeros(n_groups, np.bool_), np.zeros(n_axes),
        np.zeros(n_rows, np.int32), np.zeros(n_rows, np.int32), np.zeros(len(terms.companion_starts), np.bool_),
    )  # fmt: skip


@native()
def count_groups(text: Text, terms: Terms, scratch: Scratch) -> None:
    """Count the words and pairs of neighbours of each group; see which ones title and lead have.

    Groups of the lexicon, which come first, do without the parts of glued words.
    """
    n_subjects, sizes = len(terms.subject_weights), text.sizes[0]
    scratch.counts[:] = 0
    scratch.leads[:] = False
    for number in range(sizes.words):
        word = text.words[number]
        term = terms.info[word.slot]
        for k in range(term.start, term.stop):
            group = terms.groups[k]
            scratch.counts[group] += word.unglued if group < n_subjects else word.times
            scratch.leads[group] |= word.in_title or word.in_lead
    for at in range(sizes.tokens - 1):
        term = terms.info[pair_slot(text, text.tokens[at].word, text.tokens[at + 1].word, terms)]
        for k in range(term.start, term.stop):
            scratch.counts[terms.groups[k]] += terms.groups[k] >= n_subjects or at + 1 < sizes.plain
    for at in range(sizes.lead - 1):
        term = terms.info[pair_slot(text, text.lead[at], text.lead[at + 1], terms)]
        for k in range(term.start, term.stop):
            scratch.leads[terms.groups[k]] = True


@native()
def pair_slot(text: Text, one: Int, two: Int, terms: Terms) -> Int:
    """Return the slot of two neighbouring words, `MISSING` where they are no term."""
    if not terms.info[text.words[one].slot].begins_pair:
        return MISSING
    return slot_of(joined(text.hashes[one], text.hashes[two]), terms.table)


@native()
def _damped(times: Int) -> float:
    """Return how much a word counts that stands so often in a text."""
    return 1.0 if times == 1 else 1 + math.log(times)


@native()
def find_direction(text: Text, chars: Int, terms: Terms, scratch: Scratch) -> None:
    """Find where a text's first characters lie in the latent space, as `LatentSpace.direction` does."""
    found, n, hashed, run = scratch.direction, 0, SEED, 0
    found[:] = 0.0
    for i in range(chars + 1):
        entry = text.letters[i]
        if i < chars and entry & MARK.word:
            hashed = add_letter(hashed, entry)
            run += 1
            continue
        row = terms.info[slot_of(hashed, terms.table)].row if run > 1 else MISSING
        if row != MISSING:
            if scratch.times[row] == 0:
                scratch.touched[n] = row
                n += 1
            scratch.times[row] += 1
        hashed, run = SEED, 0
    for row in scratch.touched[:n]:
        weight = _damped(scratch.times[row])
        for k in range(len(found)):
            found[k] += weight * terms.axes[row, k]
        scratch.times[row] = 0
    square = 0.0
    for value in found:
        square += value * value
    if square > 0:
        length = math.sqrt(square)
        for k in range(len(found)):
            found[k] /= length


PLACE_BITS = 10  # many more places than words: most letters of a text lead to an empty one
PLACE_FACTOR = np.uint64(0x9E3779B1)
# A word that is looked for: its number in its text, the word before of its place and 1; how often it was
# found, where its next find may begin, and how rare it is.
SOUGHT = np.dtype([("word", "i4"), ("before", "i4"), ("count", "i4"), ("free", "i4"), ("weight", "f8")], align=True)


class Sought(NamedTuple):
    """Room for the words that are looked for."""

    places: Numbers  # number and 1 of the last word that begins with letters of this place
    words: Records  # `SOUGHT`


@native(allocates=True)
def sought_for(n: Int) -> Sought:
    """Return room for so many words."""
    return Sought(np.zeros(1 << PLACE_BITS, np.int32), np.zeros(n, SOUGHT))


@native()
def seek(sought: Sought, n: Int, text: Text) -> None:
    """Look for the first n words, which are a text's.

    Short ones are left out: they stand inside too many others.
    """
    sought.places[:] = 0
    for k in range(n):
        word = text.words[sought.words[k].word]
        if word.length >= max(MIN_STEM_CHARS, QUAD):
            place = _place(text.quads[word.begin])
            sought.words[k].before = sought.places[place]
            sought.places[place] = k + 1


@native()
def _place(quad: Int) -> Int:
    """Return the place of words that begin with some letters."""
    spread = (np.uint64(quad) * PLACE_FACTOR) & np.uint64(0xFFFFFFFF)
    return np.int64(spread >> np.uint64(32 - PLACE_BITS))


@native()
def find_inside(sought: Sought, n: Int, text: Text, where: Text, chars: Int) -> None:
    """Count how often each of the words, which are a text's, stands in another text."""
    for one in sought.words[:n]:
        one.count = one.free = 0
    for i in range(chars - QUAD + 1):
        k = np.int64(sought.places[_place(where.quads[i])]) - 1
        while k >= 0:
            one = sought.words[k]
            word = text.words[one.word]
            begin, length = np.int64(word.begin), np.int64(word.length)
            if where.quads[i] == text.quads[begin] and one.free <= i <= chars - length:
                at = 0
                while at < length and not (where.letters[i + at] ^ text.letters[begin + at]) & LETTER:
                    at += 1
                if at == length:
                    one.count += 1
                    one.free = i + length
            k = np.int64(one.before) - 1


@native()
def recall(start: Int, stop: Int, sought: Sought, article: Text, text: Text) -> float:
    """Return the share, by weight, of some words of the article that a headline has."""
    total = found = 0.0
    for k in range(start, stop):
        one = sought.words[k]
        total += one.weight
        if one.count or find(text, article.hashes[one.word]) != MISSING:
            found += one.weight
    return found / total if total > 0 else 0.0


@native()
def find_title_terms(article: Text, terms: Terms, found: Records) -> Int:
    """Find the words of the title; return how many there are."""
    n = 0
    for number in range(article.sizes[0].words):
        word = article.words[number]
        if word.in_title:
            found[n].word, found[n].weight = number, terms.info[word.slot].idf
            n += 1
    return n


@native()
def find_key_terms(article: Text, terms: Terms, found: Records) -> Int:
    """Find the terms of highest TF-IDF, the highest first; return how many there are."""
    n = 0
    for number in range(article.sizes[0].words):
        word = article.words[number]
        if word.length < MIN_KEY_CHARS:
            continue
        weight = _damped(word.times) * terms.info[word.slot].idf
        if n == KEY_TERMS and weight < found[n - 1].weight:
            continue
        at = n
        while at > 0 and (
            weight > found[at - 1].weight
            or (weight == found[at - 1].weight and _before(article, number, np.int64(found[at - 1].word)))
        ):
            at -= 1
        if at == KEY_TERMS:
            continue
        n = min(n + 1, KEY_TERMS)
        for k in range(n - 1, at, -1):
            found[k].word, found[k].weight = found[k - 1].word, found[k - 1].weight
        found[at].word, found[at].weight = number, weight
    return n


@native()
def _before(text: Text, one: Int, two: Int) -> bool:
    """Whether a word comes before another in the order of letters."""
    first, second = text.words[one], text.words[two]
    for at in range(min(first.length, second.length)):
        here, there = text.letters[first.begin + at] & LETTER, text.letters[second.begin + at] & LETTER
        if here != there:
            return bool(here < there)
    return bool(first.length < second.length)


# A word of a headline: its number in the article, `MISSING` where that has it nowhere, or inside others
# alone; how often the article has it, be it inside others; how often related terms of it; whether title
# or lead have these; and how rare it is.
MATCH = np.dtype(
    [("number", "i4"), ("times", "i4"), ("related", "i4"), ("lead_related", "?"), ("weight", "f8")], align=True
)


class Matches(NamedTuple):
    """What is found of a headline in an article."""

    words: Records  # a `MATCH` for each word of the headline
    sums: Numbers  # weight of what is found in each sentence, fine and coarse
    stamps: Numbers  # the last word found in each sentence, fine and coarse


@native(allocates=True)
def matches_for(chars: Int, article_chars: Int) -> Matches:
    """Return room for a headline and an article of so many characters."""
    m = article_chars + 3
    return Matches(np.empty(chars + 1, MATCH), np.empty((m, 2)), np.empty((m, 2), np.int32))


@native()
def find_term_groups(text: Text, matches: Matches, terms: Terms, mine: Scratch, theirs: Scratch) -> float:
    """Find related terms of a headline's words; return the share of its term groups in the article.

    A word has a group alone or with its neighbour.
    """
    n, n_tokens = len(terms.subject_weights), text.sizes[0].tokens
    for at in range(n_tokens):
        one = np.int64(text.tokens[at].word)
        _relate(one, np.int64(text.words[one].slot), matches, terms, theirs)
        if at + 1 < n_tokens:
            two = np.int64(text.tokens[at + 1].word)
            pair = pair_slot(text, one, two, terms)
            _relate(one, pair, matches, terms, theirs)
            _relate(two, pair, matches, terms, theirs)
    total = found = 0.0
    for group in range(len(terms.group_weights)):
        if mine.counts[n + group]:
            total += terms.group_weights[group]
            if theirs.counts[n + group]:
                found += terms.group_weights[group]
    return found / (total + LEAST_GROUP)


@native()
def _relate(number: Int, slot: Int, matches: Matches, terms: Terms, theirs: Scratch) -> None:
    """Note what an article has of the term groups of a headline's word."""
    match, term = matches.words[number], terms.info[slot]
    for k in range(term.start, term.stop):
        group = terms.groups[k]
        if group >= len(terms.subject_weights):
            match.related = max(match.related, theirs.counts[group])
            match.lead_related |= theirs.leads[group]


# A known name that an article lacks, though it has a companion of it: the name's number and 1; the companion's;
# what the name weighs.
COMPANION = np.dtype([("name", "i4"), ("companion", "i4"), ("weight", "f8")])


@native()
def note_known(text: Text, terms: Terms, scratch: Scratch) -> None:
    """Note which known terms stand in a text."""
    n = text.sizes[0].plain
    scratch.known[:] = False
    for at in range(n):
        hashed, slot = text.hashes[text.tokens[at].word], np.int64(text.words[text.tokens[at].word].slot)
        last = at
        while slot != MISSING:
            if terms.info[slot].known != MISSING:
                scratch.known[terms.info[slot].known] = True
            last += 1
            if last == n or not terms.table[2][slot]:
                break
            hashed = joined(hashed, text.hashes[text.tokens[last].word])
            slot = slot_of(hashed, terms.table)


@native()
def _longest_name(text: Text, begin: Int, terms: Terms) -> tuple[Int, Int]:
    """Return the number of the longest known name that begins with a token, or `MISSING`, and the token behind it."""
    hashed, slot = text.hashes[text.tokens[begin].word], np.int64(text.words[text.tokens[begin].word].slot)
    found, behind, last = np.int64(MISSING), begin + 1, begin
    while slot != MISSING:
        last += 1
        if terms.info[slot].is_name:
            found, behind = np.int64(terms.info[slot].known), last
        if last == text.sizes[0].plain or not terms.table[2][slot]:
            break
        hashed = joined(hashed, text.hashes[text.tokens[last].word])
        slot = slot_of(hashed, terms.table)
    return found, behind


@native()
def find_companions(
    text: Text, matches: Matches, terms: Terms, mine: Scratch, theirs: Scratch, met: Records
) -> tuple[float, float]:
    """Return the share of the known names that an article has, or companions of, and minus the weight of the others."""
    mine.known[:] = False
    total, found, n, at = 0.0, 0.0, 0, np.int64(0)
    while at < text.sizes[0].plain:
        name, behind = _longest_name(text, at, terms)
        if name != MISSING and not mine.known[name]:
            mine.known[name] = True
            weight = 0.0
            for k in range(at, behind):
                weight += matches.words[text.tokens[k].word].weight - 1.0
            weight = min(weight, MOST_NAME)
            total += weight
            if theirs.known[name]:
                found += weight
            else:
                for k in range(terms.companion_starts[name], terms.companion_starts[name + 1]):
                    if theirs.known[terms.companions[k]]:
                        found += weight
                        met[n].name, met[n].companion, met[n].weight = name + 1, terms.companions[k], weight
                        n += 1
                        break
        at = behind
    return found / (total + LEAST_NAME), found - total


@native()
def phrases(text: Text, matches: Matches, article: Text) -> float:
    """Return the weight of the neighbouring words that both have, by how often the article does."""
    total = 0.0
    for at in range(text.sizes[0].tokens - 1):
        one, two = np.int64(text.tokens[at].word), np.int64(text.tokens[at + 1].word)
        first, second = matches.words[one], matches.words[two]
        if first.number == MISSING or second.number == MISSING or _neighbours(text, one, two, at):
            continue
        times = _neighbours(article, np.int64(first.number), np.int64(second.number), article.sizes[0].tokens - 1)
        if times > 0:
            total += math.log1p(times) * min(first.weight, second.weight)
    return total


@native()
def _neighbours(text: Text, one: Int, two: Int, stop: Int) -> Int:
    """Return how often a word stands directly before another, the first of them before the token `stop`."""
    found, at = 0, np.int64(text.words[one].first)
    while 0 <= at < stop:
        found += text.tokens[at + 1].word == two
        at = np.int64(text.tokens[at].after)
    return found


@native()
def best_sentence(text: Text, matches: Matches, article: Text) -> tuple[float, float]:
    """Return the least and the most weight of the words found in the sentence that has most of it.

    They differ where a mark decides that may end a sentence, or may not.
    """
    n = article.sizes[0].sentences
    matches.sums[:n] = 0.0
    matches.stamps[:n] = MISSING
    least = most = 0.0
    for number in range(text.sizes[0].words):
        match = matches.words[number]
        if match.number == MISSING:
            continue
        at = np.int64(article.words[match.number].first)
        while at >= 0:
            token = article.tokens[at]
            for kind in range(2):
                sentence = token.fine if kind == 0 else token.coarse
                if matches.stamps[sentence, kind] != number and sentence > 0:
                    matches.stamps[sentence, kind] = number
                    matches.sums[sentence, kind] += match.weight
            at = np.int64(token.after)
    for sentence in range(1, n):
        least, most = max(least, matches.sums[sentence, 0]), max(most, matches.sums[sentence, 1])
    return least, most
