"""Stock over HTTP: the shop window for everybody, the shelves for staff."""
