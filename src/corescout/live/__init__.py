"""Live: from a new scan to a measurement."""
