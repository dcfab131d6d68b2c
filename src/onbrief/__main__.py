"""Makes `python -m onbrief` the same as the command `onbrief`."""

import sys

from onbrief.cli import main

sys.exit(main())
