"""Step 3: the search."""
