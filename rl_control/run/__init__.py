"""One file a verb: puts rooms together, owns no mathematics."""
