"""Step 4: the types."""
