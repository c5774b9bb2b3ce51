"""Pages to look at: each is one HTML file that opens without a network and can be read without scripts."""
