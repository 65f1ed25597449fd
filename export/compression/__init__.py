"""Fewer and rarer numbers in the weights: pruning, clustering, removing filters."""
