"""Who may do what: rights, roles, and every address of the console and of the staff's API."""
