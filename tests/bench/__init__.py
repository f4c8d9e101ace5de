"""Benchmarks: each beside its peer in the same run, in ratios and counts. They assert no time."""
