"""Types of the compiled blocks: Python sees nothing of them."""
