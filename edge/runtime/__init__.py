"""A model file in memory, and the runtime that calls it."""
