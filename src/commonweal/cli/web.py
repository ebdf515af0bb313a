"""The web server, ending with the command that started it: ``python -m commonweal.cli.web`` and granian's options."""

import runpy
import signal
import sys

from commonweal.cli.parent import end_with_parent


def main() -> None:
    """Run granian in this process; SIGTERM to it stops its workers in order."""
    end_with_parent(signal.SIGTERM)
    sys.argv[0] = "granian"
    runpy.run_module("granian", run_name="__main__")


if __name__ == "__main__":
    main()
