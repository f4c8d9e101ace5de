"""Fuzzing: inputs bent at random, kept when they reach code that nothing reached before."""
