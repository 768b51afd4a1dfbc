"""The terminal's dashboard: data in, something to print out."""
