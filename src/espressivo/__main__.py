"""`python -m espressivo` is the command line."""

import sys

from espressivo.cli import main

sys.exit(main())
