"""Roads and ferries, whatever the file."""
