"""Files of any length, row by row: read, rehearsed, done, and taken up again where they stopped."""
