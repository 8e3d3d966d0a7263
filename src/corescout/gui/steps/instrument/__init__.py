"""Step 6: the instrument."""
