"""Routines that numba compiles. Imported only where they are used: numba takes half a second."""
