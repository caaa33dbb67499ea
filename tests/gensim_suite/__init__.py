"""gensim's own tests, run against cw2v; see test_gensim_suite.py."""
