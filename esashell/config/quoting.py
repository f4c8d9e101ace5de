"""An operator's text on one line of the screen: whatever was typed, pasted or found in a file.

Comments, host names and the contents of damaged files are shown in messages. None of them may
move the cursor, end the line early or fill the screen.
"""


def quoted(text: str, limit: int = 80) -> str:
    """The text in double quotes, what cannot be printed escaped, and not longer than the limit."""
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    if text.isprintable():
        return f'"{text}"'
    # isprintable() is false for controls, line separators, bidirectional marks and surrogates.
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return f'"{"".join(shown)}"'
