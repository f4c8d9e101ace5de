"""Delivery as a whole (`deliveryconfig`): the interface mail leaves from, and how much at once."""

from msgspec import Struct


class DeliverySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`interface` is an interface's name, or `Auto`. The concurrencies count connections.

    `possible_delivery` treats a message as delivered when the connection broke behind the final
    dot: mail may be lost, where without it it may arrive twice.
    """

    interface: str = "Auto"
    possible_delivery: bool = False
    concurrency: int = 10_000
    tls_concurrency: int = 100
