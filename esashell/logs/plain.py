"""Where the lines are that hold a plain text.

The library that the interpreter itself stands on looks for a text at more than three gigabytes a
second (`memmem`), twice as fast as `bytes.find`. A call from here costs several times as much as
one of a method, though, so it is for texts that are seldom found, in much text.
"""

from collections.abc import Callable
from functools import cache

Span = tuple[int, int]
Holding = Callable[[bytes, bytes], list[Span]]


def holding(block: bytes, text: bytes) -> list[Span]:
    """The lines of a block that hold a text."""
    find, rfind = block.find, block.rfind
    spans: list[Span] = []
    end = 0
    while (place := find(text, end)) >= 0:
        begin = rfind(b"\n", end, place) + 1 or end
        end = find(b"\n", place) + 1 or len(block)
        spans.append((begin, end))
    return spans


def holding_seldom() -> Holding:
    """`holding` for texts that are seldom found, as fast as this system has it."""
    found = _memmem()
    if found is None:
        return holding
    memmem, address = found

    def seldom(block: bytes, text: bytes) -> list[Span]:
        length, size = len(block), len(text)
        at = memmem(block, length, text, size)
        if at is None:
            return []
        spans: list[Span] = []
        find, rfind = block.find, block.rfind
        first = address(block)
        end = 0
        while at is not None:
            place = at - first
            begin = rfind(b"\n", end, place) + 1 or end
            end = find(b"\n", place) + 1 or length
            spans.append((begin, end))
            at = memmem(first + end, length - end, text, size)
        return spans

    return seldom


Memmem = Callable[[bytes | int, int, bytes, int], int | None]


@cache
def _memmem() -> tuple[Memmem, Callable[[bytes], int]] | None:
    """The C library's, from an object or an address to an address, and where an object begins;
    None where there is none."""
    try:
        import ctypes

        function = ctypes.CDLL(None).memmem
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
    function.restype = ctypes.c_void_p

    def address(block: bytes) -> int:
        return ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value or 0

    return function, address
