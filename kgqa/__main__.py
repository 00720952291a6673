"""`python -m kgqa`: the command line."""

import sys

from kgqa.cli import main

sys.exit(main())
