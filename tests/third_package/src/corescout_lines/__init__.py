"""A package of its own: a reader, a reward and an instrument for Corescout."""
