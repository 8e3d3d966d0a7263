"""What stands on napari's canvas."""
