"""Types of the compiled table of opcodes: Python sees nothing of it."""
