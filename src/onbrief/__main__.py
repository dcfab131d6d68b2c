"""`python -m onbrief` is `onbrief`."""

import sys

from onbrief.cli import main

sys.exit(main())
