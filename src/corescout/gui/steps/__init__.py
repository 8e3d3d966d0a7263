"""The six steps of the dock, one class each."""
