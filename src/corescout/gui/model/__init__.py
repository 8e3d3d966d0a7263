"""What the panels of a window share: no widget, no layer, no napari."""
