"""What the APIs of every app stand on: strict input, strict queries, pages, who is asking."""
