"""What is kept of a day: its folder, records, table of measurements and page."""
