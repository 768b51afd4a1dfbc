"""Joint paths over time and their files."""
