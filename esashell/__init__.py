"""esashell: a flight simulator for the outbound side of a mail gateway."""

__version__ = "0.1.0"
