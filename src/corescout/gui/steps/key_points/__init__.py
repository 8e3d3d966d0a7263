"""Step 2: where patches are cut."""
