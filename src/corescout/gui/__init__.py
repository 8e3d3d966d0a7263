"""The window in napari: the only folder that knows Qt."""
