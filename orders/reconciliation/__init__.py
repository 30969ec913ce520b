"""Do all books say the same? One check a file, one closed list of causes, a case for each difference, a report a day."""
