"""Mines, composes, trains and evaluates in rounds, for as long as it helps."""
