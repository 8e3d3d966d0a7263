"""Step 1: the scan."""
