"""Institutions and co-operatives, and the places of their addresses."""
