"""People of the townships, and the points at which they live."""
