"""How long things take, and how long the window does not respond."""
