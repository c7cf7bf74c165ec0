"""`python -m stream.cli`: the command without its installed script."""

import sys

from stream.cli import main

sys.exit(main())
