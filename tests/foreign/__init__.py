"""A Nanonis controller that shares nothing with the product, to try the product against."""
