"""Which event tells whom, in which words, by which medium."""
