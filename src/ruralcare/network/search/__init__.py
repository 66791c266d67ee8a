"""Shortest paths on arrays: several engines that give the same answer to the tick."""
