"""Speed and size, measured on this machine: `make bench`. Figures of the last full run are in README.md beside this file."""
