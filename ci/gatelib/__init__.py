"""What ci/gate is made of: stages, the programs they start, and how figures become verdicts."""
