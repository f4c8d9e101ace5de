"""`esashell` and `python -m esashell`."""

import gc
import sys


def main() -> int:
    # Imports allocate thousands of objects of which none is garbage; looking for it costs a tenth
    # of the time to the first prompt. `shell.app` turns collection on again.
    gc.disable()
    from esashell.shell.app import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
