"""Exports: rows of the book and of orders as files, asked for, written in the background, fetched by a signed link."""
