"""Menus of operations, and tables of records behind them.

Most commands of the appliance are the same loop: a summary of what there is, a menu, an operation,
and the summary and the menu again, until an empty answer. `operate` is that loop. An `Operation` is
one line of the menu and a dialogue from a configuration to the next; what it returns is staged when
it differs, so an operation that is interrupted has not happened.

A `Table` makes the usual operations for a list of records inside the configuration: where they are,
what their key is, and what a command calls one. The command supplies what is its own: the questions
for a new record (`new`) and for changing one (`edit`).

    ROUTES = Table(at=lambda config: config.routes, put=..., key=lambda route: route.domain,
                   called="route")
    yield from operate(config, summary, (
        ROUTES.new("Create a new route.", new_route),
        ROUTES.edit("Edit destinations of an existing route.", change_route, ask="Enter the ..."),
        ROUTES.delete("Remove a route.", ask="Enter the domain ..."),
        listing("print", "Display all routes.", route_lines),
        ROUTES.clear("Remove all routes."),
    ))
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from esashell.config.tree import Config
from esashell.dialogue.kinds import ask as put_question
from esashell.dialogue.kinds import confirm, menu, row_kind
from esashell.dialogue.requests import Ask, Refuse, Say, Stage

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

Row = TypeVar("Row")


def always(config: Config) -> bool:
    return True


class Operation(Struct, frozen=True):
    """One operation of a menu.

    `offered` says whether the menu has it at all for a configuration. One that is not `listed`, or
    not for this configuration, is taken when typed but not shown: the published one-line forms have
    words that the menus lack.
    """

    word: str
    help: str
    run: "Callable[[Config], Dialogue[Config]]"
    offered: Callable[[Config], bool] = always
    listed: bool | Callable[[Config], bool] = True


def turn(
    config: Config, summary: str, operations: Sequence[Operation], key: str, bare: str = ""
) -> "Dialogue[Config | None]":
    """One turn of a menu: what the chosen operation makes of the configuration; None to leave."""
    offered = {each.word: each for each in operations if each.offered(config)}
    listed = {
        word: each.help
        for word, each in offered.items()
        if (each.listed if isinstance(each.listed, bool) else each.listed(config))
    }
    hidden = [word for word in offered if word not in listed]
    word = yield from menu(key, summary, listed, hidden, bare)
    return (yield from offered[word].run(config)) if word else None


def operate(
    config: Config,
    summary: Callable[[Config], str],
    operations: Sequence[Operation],
    key: str = "operation",
) -> "Dialogue[Config]":
    """Show, offer, operate and stage, until the operator leaves; the last configuration.

    A menu inside an operation of another has a `key` of its own.
    """
    while True:
        after = yield from turn(config, summary(config), operations, key)
        if after is None:
            return config
        if after != config:
            config = after
            yield Stage(config)


def submenu(
    word: str,
    text: str,
    operations: Sequence[Operation],
    *,
    listed: bool = True,
    bare: str = "",
) -> Operation:
    """An operation that is itself a menu, of one turn.

    `bare` is the operation that a command line means which ends at the word.
    """

    def run(config: Config) -> "Dialogue[Config]":
        after = yield from turn(config, "", operations, word, bare)
        return config if after is None else after

    return Operation(word, text, run, listed=listed)


class Table(Struct, Generic[Row], frozen=True):
    """A list of records in the configuration, each with a key of its own.

    `at` reads the rows, `put` makes a configuration with other rows. Keys are compared in lower
    case, as the rules do; `key` gives the record's usual spelling. `called` is one record's name in
    a sentence, and `many` that of several where an s will not do; `last` is why the only row left
    may not go, or "" when it may; `most` is how many there can be.
    """

    at: Callable[[Config], tuple[Row, ...]]
    put: Callable[[Config, tuple[Row, ...]], Config]
    key: Callable[[Row], str]
    called: str
    many: str = ""
    last: str = ""
    most: int = 1_000_000

    def select(self, config: Config, prompt: str) -> "Dialogue[Row]":
        """Which row, by key or by its number in the list."""
        rows = self.at(config)
        kind = row_kind([self.key(row) for row in rows], self.called)
        found = yield from put_question(Ask(self.called, prompt, kind))
        return next(row for row in rows if self.key(row) == found)

    def has_rows(self, config: Config) -> bool:
        return bool(self.at(config))

    def is_free(self, config: Config, key: str) -> "Dialogue[bool]":
        """Whether no record has this key yet. Where one has, the operator is told at once, and not
        after all the other questions."""
        if all(self.key(row).lower() != key.lower() for row in self.at(config)):
            return True
        regardless: bool = yield Refuse(f"Error: The {self.called} {key} already exists.")
        return regardless

    def new(
        self,
        text: str,
        questions: "Callable[[Config], Dialogue[tuple[Row, ...]]]",
        word: str = "new",
    ) -> Operation:
        """Ask for one record or several and put them at the end; a key that exists is refused."""

        def run(config: Config) -> "Dialogue[Config]":
            added = yield from questions(config)
            known = {self.key(row).lower() for row in self.at(config)}
            if len(known) + len(added) > self.most:
                yield Refuse(
                    f"Error: There can be {self.most:,} {self.many or self.called + 's'} at most."
                )
                return config
            for row in added:
                if self.key(row).lower() in known:
                    yield Refuse(f"Error: The {self.called} {self.key(row)} already exists.")
                    return config
            return self.put(config, (*self.at(config), *added))

        return Operation(word, text, run)

    def edit(
        self,
        text: str,
        questions: "Callable[[Config, Row], Dialogue[Row]]",
        ask: str,
        word: str = "edit",
    ) -> Operation:
        """Select a record and ask again, with its present values for defaults."""

        def run(config: Config) -> "Dialogue[Config]":
            old = yield from self.select(config, ask)
            new = yield from questions(config, old)
            rows = self.at(config)
            others = {self.key(row).lower() for row in rows if row != old}
            if self.key(new).lower() in others:
                yield Refuse(f"Error: The {self.called} {self.key(new)} already exists.")
                return config
            return self.put(config, tuple(new if row == old else row for row in rows))

        return Operation(word, text, run, self.has_rows)

    def delete(self, text: str, ask: str, word: str = "delete") -> Operation:
        """Select a record and take it out, without more ado: `clear` forgives."""

        def run(config: Config) -> "Dialogue[Config]":
            rows = self.at(config)
            gone = yield from self.select(config, ask)
            if self.last and len(rows) == 1:
                yield Refuse(self.last)
                return config
            return self.put(config, tuple(row for row in rows if row != gone))

        return Operation(word, text, run, self.has_rows)

    def clear(self, text: str, word: str = "clear") -> Operation:
        """Take every record out, when the operator is sure."""

        def run(config: Config) -> "Dialogue[Config]":
            if (yield from confirm(f"Are you sure you want to remove every {self.called}?")):
                return self.put(config, ())
            return config

        return Operation(word, text, run, self.has_rows)


def listing(
    word: str,
    text: str,
    lines: Callable[[Config], str],
    *,
    listed: bool | Callable[[Config], bool] = True,
) -> Operation:
    """An operation that only shows something."""

    def run(config: Config) -> "Dialogue[Config]":
        yield Say(lines(config))
        return config

    return Operation(word, text, run, listed=listed)
