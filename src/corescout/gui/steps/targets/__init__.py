"""Step 5: where to measure next."""
