"""`esashell lab serve` with the cases' zones in the lab, and spoilt.

    python -m tests.differential.mutated_lab PLAN OPTION...

PLAN is a JSON file with the seed and the numbers of the cases; the options are those of the
command, whose code this is: only the lab that it serves is another one. Once it has ended, the file
`heard.json` beside the plan tells which questions were put to it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from esashell.shell import lab as served
from tests.differential.cases import planned
from tests.differential.mutated import Mutated

HEARD = "heard.json"


def main() -> int:
    plan = Path(sys.argv[1])
    seed, numbers = json.loads(plan.read_text())
    mutated: Any = Mutated(seed, [planned(seed, each) for each in numbers], plan.parent)
    served._lab = lambda options: mutated
    status = served.main(["serve", *sys.argv[2:]])
    plan.with_name(HEARD).write_text(json.dumps(mutated.heard()))
    return status


if __name__ == "__main__":
    sys.exit(main())
