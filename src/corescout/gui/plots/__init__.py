"""The plots below the canvas."""
