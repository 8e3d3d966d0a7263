"""The instrument in the window: the link to it, and what is shown of it."""
