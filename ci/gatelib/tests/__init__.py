"""Tests of what decides in ci/gate: python3 -m unittest discover -s ci -t ci (ci/test runs them)."""
