"""What assets are found by, and what a question finds: folding, words, queries, reasons. Pure."""
