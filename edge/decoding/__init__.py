"""From the numbers that models give to results: pure functions over arrays."""
