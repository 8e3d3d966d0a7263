"""The loop: scans come in, are worked on, and lead to measurements."""
