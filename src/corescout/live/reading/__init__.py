"""What a new scan means next to those before it: types, novelty, drift, tip."""
