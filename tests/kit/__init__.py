"""The plugin author's kit, tried as an author would."""
