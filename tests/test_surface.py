"""cw2v's classes have all the public names and parameters of gensim's, with the same defaults."""

import inspect

import pytest

import cw2v


@pytest.fixture(params=["Word2Vec", "KeyedVectors", "Phrases", "FrozenPhrases", "LineSentence"])
def pair(request, gensim_models):
    """Return a class of gensim's and that of cw2v's with the same name."""
    homes = [gensim_models, gensim_models.phrases, gensim_models.word2vec]
    theirs = next(vars(home)[request.param] for home in homes if request.param in vars(home))
    return theirs, getattr(cw2v, request.param)


def parameters(function):
    return inspect.signature(function).parameters


def test_no_public_name_is_missing(pair):
    theirs, ours = pair
    names = {name for name in dir(theirs) if not name.startswith("_")}
    assert names - set(dir(ours)) == set()


def test_methods_take_the_same_parameters_in_the_same_order(pair):
    theirs, ours = pair
    wrong = {}
    for name in ["__init__", *dir(theirs)]:
        method = getattr(theirs, name)
        if (name.startswith("_") and name != "__init__") or not inspect.isroutine(method):
            continue
        wanted, got = parameters(method), parameters(getattr(ours, name))
        takes_any = any(p.kind is p.VAR_KEYWORD for p in got.values())
        named = [n for n, p in wanted.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
        if not takes_any and named != list(got)[: len(named)]:
            wrong[name] = (str(list(wanted)), str(list(got)))
    assert wrong == {}


def test_the_constructor_has_the_same_defaults(pair):
    theirs, ours = map(parameters, pair)
    different = {
        name: (wanted.default, theirs[name].default)
        for name, wanted in ours.items()
        if name in theirs and wanted.default != theirs[name].default
    }
    assert different == {}
