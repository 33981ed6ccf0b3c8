"""`python -m crystalnet.cli` is the command `crystalnet`."""

import sys

from crystalnet.cli import main

sys.exit(main())
