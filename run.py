"""Starts Platz: `python run.py --help` tells how."""

import sys

from platz.app import main

if __name__ == "__main__":
    sys.exit(main())
