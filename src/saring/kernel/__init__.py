"""Scores of fitted parameters, by a kernel that numba compiles, or in plain Python where that is sooner.

`scoring` is what others call: it decides which of the two answers. The kernel is the second definition of what
`saring.models` defines in Python, and gives the same but for rounding, below 1e-12. It is in these files, each of which
imports only those above it:

| module | what is there |
|---|---|
| `text_arrays` | texts as flat arrays, slices of them for threads; whether a kernel is kept on the disk |
| `loops` | compiled: hashes, words, the topic and the clickbait model; how functions are compiled |
| `pair_reading` | compiled: the words and sentences of an article or a headline |
| `pair_sharing` | compiled: what the two share |
| `pair_loops` | compiled: the features of a pair |
| `scorers` | fitted parameters as the arrays that the loops take, and the loops called with them |

A model's parameters become a table of 64-bit hashes of its terms, whose collisions are looked for when it is built, and
records of what is known of each term. One walk over a text then finds, counts and weighs its words.
"""
