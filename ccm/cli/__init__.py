"""The command line: each command opens the workspace, calls one stage, and says what came of it."""
