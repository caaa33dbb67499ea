"""Says at the end of the run how gensim's own tests came out."""

from gensim_suite.run import SUMMARY


def pytest_terminal_summary(terminalreporter, config):
    """Print the summary, if they were run."""
    if SUMMARY in config.stash:
        terminalreporter.write_line(config.stash[SUMMARY])
