"""Layers on napari's canvas, and what is heard from it."""
