"""The checks. `python3 -m tests` runs every one of them."""
