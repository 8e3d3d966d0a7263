"""What must never happen: lost work, crossed limits, files that break the program."""
