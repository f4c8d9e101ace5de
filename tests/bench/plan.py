"""What it costs to decide about a million destinations, and about a change of ten entries.

    .venv/bin/python -m tests.bench.plan [REPEATS] [--short] [--shell]

A list holds, for each destination, its domain, its evidence class and its messages an hour. There
are 10,000 destination controls and 5,000 SMTP routes, a fifth of them for sub-domains. The peers
make the same of the same tables, and all have to come to the same outcomes:

* plain Python asks for each row which entries are the nearest, and looks up what that comes to;
* DuckDB (two threads) has destinations, entries and outcomes as tables, the suffixes of each domain
  beside it, and joins them.

What is prepared once for a list (`Rows`, DuckDB's table of destinations with their suffixes) is not
counted, and told. With `--shell` the program is run as well: `plan` over such a list, as a whole.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from esashell.simulate.columns import OWN, Evaluation, Rows, Treatments, changed, decides
from tests.bench.timing import PYTHON, call, process, report, side_by_side

CLASSES, TREATMENTS = 40, 12
ENDINGS = ("com", "org", "net", "de", "com.br", "co.uk", "lab", "example")
PLAIN, PEER, OURS = "plain Python", "DuckDB, 2 threads", "columns"


class Case:
    """A list and a configuration, the same for each seed."""

    def __init__(self, size: int, controls: int, routes: int, seed: int = 8) -> None:
        self.random = random = Random(seed)
        names = {self._name(each) for each in range(size)}
        self.domains = sorted(names)
        self.rows = Rows(self.domains)
        self.own = bytes(random.randrange(CLASSES) for _ in self.domains)
        self.mail = [random.randrange(1, 1000) for _ in self.domains]
        self.tables = [bytes(random.randrange(9) for _ in range(256)) for _ in range(TREATMENTS)]
        self.treatments = Treatments(
            self._entries(controls, range(TREATMENTS)),
            0,
            self._entries(routes, [OWN, *range(CLASSES, CLASSES + 6)]),
        )

    def _name(self, each: int) -> str:
        ending = self.random.choice(ENDINGS)
        if each % 3 == 0:
            return f"mx{each}.host{self.random.randrange(200_000)}.{ending}"
        return f"{self.random.choice('abcdefgh')}{each}.{ending}"

    def _entries(self, count: int, values: Any) -> dict[str, int]:
        some = self.random.sample(self.domains, count)
        partial = count // 5
        found = {f".{each.split('.', 1)[1]}": self.random.choice(values) for each in some[:partial]}
        return found | {each: self.random.choice(values) for each in some[partial:]}

    def edited(self) -> tuple[Treatments, set[str]]:
        """Ten entries otherwise, removed and added, one of them for the sub-domains of many."""
        controls, routes = dict(self.treatments.controls), dict(self.treatments.routes)
        exact = [each for each in controls if not each.startswith(".")]
        for each in exact[:4]:
            controls[each] = (controls[each] + 1) % TREATMENTS
        for each in exact[4:6]:
            del controls[each]
        for each in self.random.sample(self.domains, 2):
            controls[each] = 3
        controls[".com.br"] = (controls.get(".com.br", 0) + 1) % TREATMENTS
        some = next(each for each in routes if not each.startswith("."))
        routes[some] = CLASSES + (routes[some] - CLASSES + 1) % 6
        new = Treatments(controls, 0, routes)
        before = self.treatments
        touched = {it for it, _ in before.controls.items() ^ controls.items()}
        touched |= {it for it, _ in before.routes.items() ^ routes.items()}
        return new, touched

    # The three ways.

    def columns(self, treatments: Treatments) -> Evaluation:
        return Evaluation(self.rows, self.column, self.tables, treatments)

    @property
    def column(self) -> bytes:
        """The evidence in the order of the rows."""
        if not hasattr(self, "_column"):
            by_name = dict(zip(self.domains, self.own, strict=True))
            self._column = bytes(by_name[self.rows.domain(row)] for row in range(len(self.rows)))
        return self._column

    def plainly(self, treatments: Treatments) -> bytes:
        """Each row by itself, in the order of the domains."""
        found = bytearray()
        tables, controls, routes = self.tables, treatments.controls, treatments.routes
        for domain, own in zip(self.domains, self.own, strict=True):
            route = decides(routes, domain, OWN)
            evidence = own if route == OWN else route
            found.append(tables[decides(controls, domain, treatments.default_control)][evidence])
        return bytes(found)

    def ordered(self, evaluation: Evaluation) -> bytes:
        """The outcomes of columns in the order of the domains."""
        place = {self.rows.domain(row): row for row in range(len(self.rows))}
        return bytes(evaluation.outcomes[place[each]] for each in self.domains)


class Duck:
    """The same in DuckDB."""

    def __init__(self, case: Case) -> None:
        import duckdb

        self.case = case
        self.base = duckdb.connect(":memory:", config={"threads": 2})
        with tempfile.TemporaryDirectory() as folder:
            self._load(Path(folder, "rows.csv"), "rows", "id int, domain text, own int, mail int",
                       zip(range(len(case.domains)), case.domains, case.own, case.mail,
                           strict=True))  # fmt: skip
            # Exact is 0; an ending with more labels is nearer, so it has a smaller rank.
            endings = (
                (number, domain[at:], rank + 1)
                for number, domain in enumerate(case.domains)
                for rank, at in enumerate(_dots(domain))
            )
            self._load(Path(folder, "endings.csv"), "endings", "id int, pattern text, rank int",
                       endings)  # fmt: skip
            self._load(
                Path(folder, "outcomes.csv"), "outcomes", "treatment int, evidence int, kind int",
                ((number, octet, kind) for number, table in enumerate(case.tables)
                 for octet, kind in enumerate(table)))  # fmt: skip

    def _load(self, path: Path, name: str, columns: str, rows: Any) -> None:
        with path.open("w") as file:
            for row in rows:
                print(*row, sep=",", file=file)
        self.base.execute(f"create table {name} ({columns})")
        self.base.execute(f"copy {name} from '{path}' (header false)")

    def configure(self, treatments: Treatments) -> None:
        """Put a configuration into its tables; not counted."""
        for name, entries in (("controls", treatments.controls), ("routes", treatments.routes)):
            self.base.execute(f"drop table if exists {name}")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "entries.csv")
                self._load(path, name, "pattern text, value int", entries.items())

    QUERY = """
        with nearest_control as (
            select id, arg_min(value, rank) as value from endings join controls using (pattern)
            group by id),
        nearest_route as (
            select id, arg_min(value, rank) as value from endings join routes using (pattern)
            group by id),
        treated as (
            select rows.id as id,
                coalesce(exact_control.value, nearest_control.value, 0) as treatment,
                case coalesce(exact_route.value, nearest_route.value, -1)
                    when -1 then own else coalesce(exact_route.value, nearest_route.value)
                end as evidence
            from rows
            left join controls as exact_control on exact_control.pattern = rows.domain
            left join routes as exact_route on exact_route.pattern = rows.domain
            left join nearest_control on nearest_control.id = rows.id
            left join nearest_route on nearest_route.id = rows.id)
        select treated.id as id, outcomes.kind as kind
        from treated join outcomes using (treatment, evidence)"""

    def evaluate(self) -> None:
        self.base.execute(f"create or replace table found as {self.QUERY}")

    def outcomes(self) -> bytes:
        self.evaluate()
        rows = self.base.execute("select kind from found order by id").fetchall()
        return bytes(kind for (kind,) in rows)


def _dots(domain: str) -> list[int]:
    return [at for at, letter in enumerate(domain) if letter == "."]


class Found:
    """What was measured, in milliseconds, and what was counted."""

    def __init__(self) -> None:
        self.full: dict[str, float] = {}
        self.edit: dict[str, float] = {}
        self.prepared = 0.0
        self.rows = self.affected = self.visited = 0

    @property
    def report(self) -> str:
        return "\n".join(
            (
                f"{self.rows:,} destinations; prepared once in {self.prepared:,.0f} ms",
                report("all of them", self.full, OURS, "plain 20x, DuckDB 2x"),
                report("ten entries edited", self.edit, OURS, "10 ms"),
                f"  rows visited {self.visited:,}, outcomes changed {self.affected:,}",
            )
        )


def measured(
    repeats: int = 5, size: int = 1_000_000, controls: int = 10_000, routes: int = 5_000
) -> Found:
    found = Found()
    case = Case(size, controls, routes)
    gc.freeze()
    started = time.perf_counter()
    rows = Rows(case.domains)
    rows.span("x")
    found.prepared = (time.perf_counter() - started) * 1000
    duck = Duck(case)
    treatments, after = case.treatments, case.edited()[0]
    duck.configure(treatments)
    before = case.columns(treatments)
    plain = case.plainly(treatments)
    assert case.ordered(before) == plain == duck.outcomes()
    later = before.edited(after)
    assert case.ordered(later) == case.plainly(after)
    duck.configure(after)
    assert duck.outcomes() == case.ordered(later)
    found.rows, found.visited = len(case.domains), later.visited
    found.affected = len(later.differing(before))
    assert later.differing(before) == changed(before.outcomes, later.outcomes)
    found.full = side_by_side(
        {
            PLAIN: call(lambda: case.plainly(treatments)),
            PEER: call(duck.evaluate),
            OURS: call(lambda: case.columns(treatments)),
        },
        repeats,
    )

    def edit() -> list[int]:
        return before.edited(after).differing(before)

    found.edit = side_by_side({PEER: call(duck.evaluate), OURS: call(edit)}, repeats)
    return found


def in_the_shell(size: int, repeats: int) -> str:
    """The whole program over a list of so many."""
    case = Case(size, 10, 10)
    with tempfile.TemporaryDirectory() as folder:
        partners = Path(folder, "partners.txt")
        pairs = zip(case.domains, case.mail, strict=True)
        partners.write_text("".join(f"{domain} {mail}\n" for domain, mail in pairs))
        few = Path(folder, "few.txt")
        few.write_text("ietf.org 120\ndane.lab 60\n")
        edits = [f"destconfig new {each} use_tls=on" for each in case.domains[:: size // 10][:10]]

        def planned(name: str, file: Path, *changes: str) -> Callable[[], float]:
            words = [it for each in (*changes, f"plan --domains {file}") for it in ("-c", each)]
            state = str(Path(folder, name))
            return process([PYTHON, "-m", "esashell", "--state", state, *words])

        medians = side_by_side(
            {
                "plan of 2 destinations": planned("few", few),
                "plan without changes": planned("none", partners),
                "plan of ten entries": planned("ten", partners, *edits),
            },
            repeats,
        )
    return report(f"the program, {size:,} destinations", medians, "plan of 2 destinations", "")


def main(words: list[str]) -> None:
    numbers = [int(each) for each in words if each.isdigit()]
    repeats = numbers[0] if numbers else 5
    size = 50_000 if "--short" in words else 1_000_000
    print(measured(repeats, size, size // 100, size // 200).report, flush=True)
    if "--shell" in words:
        print(in_the_shell(size, repeats))


if __name__ == "__main__":
    main(sys.argv[1:])
