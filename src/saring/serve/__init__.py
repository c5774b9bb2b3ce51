"""Articles over HTTP, on this machine: an API that gives the rows of `saring predict --json`, and a page to try it."""
