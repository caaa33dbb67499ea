"""Word2Vec.train: the loss, the report of the last call, lifecycle events, the log."""

import logging

import numpy as np
import pytest
from small_models import OBJECTIVES, TEXT, small

from cw2v.progress import LoggedProgress, Progress


@pytest.mark.parametrize("settings", OBJECTIVES)
def test_the_loss_is_the_sum_of_the_last_call_and_falls(settings):
    model = small(epochs=6, compute_loss=True, alpha=0.1, min_alpha=0.1, **settings)
    epochs = model.training_report.epochs
    assert model.get_latest_training_loss() == sum(epoch.loss for epoch in epochs)
    means = [epoch.loss / epoch.pairs for epoch in epochs]
    assert means[-1] < means[0]
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    (epoch,) = model.training_report.epochs
    assert model.get_latest_training_loss() == model.running_training_loss == epoch.loss
    model.train(TEXT, total_examples=len(TEXT), epochs=1, compute_loss=False)
    assert model.get_latest_training_loss() == 0
    assert model.training_report.epochs[0].loss is None
    assert small(**settings).get_latest_training_loss() == 0


def test_the_first_loss_is_what_guessing_costs():
    """W' is zero, so that each decision costs log 2; a noise word that is the target is none."""
    model = small(None, negative=4, hs=0, compute_loss=True, alpha=1e-12, min_alpha=1e-12, sample=0)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    (epoch,) = model.training_report.epochs
    n_decisions = 1 + 4 * (1 - 1 / 40)
    assert epoch.loss / epoch.pairs == pytest.approx(n_decisions * np.log(2), rel=0.01)


def test_the_report_is_of_the_last_training():
    model = small()
    first = model.training_report
    assert first.read_seconds > 0
    first.read_seconds = 1e6
    model.train(TEXT, total_examples=300, epochs=1)
    assert 0 < model.training_report.read_seconds < 1e6
    assert len(model.training_report.epochs) == 1
    assert len(first.epochs) == 5
    second = model.training_report
    model.wv.vectors[0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.train(TEXT, total_examples=300, epochs=1)
    assert model.training_report is second


def test_lifecycle_events_are_kept_until_that_is_ended():
    model = small(epochs=1)
    events = [event["event"] for event in model.lifecycle_events]
    assert events[-1] == "created"
    assert {"prepare_vocab", "build_vocab", "train"} <= set(events)
    model.lifecycle_events = None
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert model.lifecycle_events is None


def test_how_far_an_epoch_is_can_be_read_in_the_log(caplog):
    caplog.set_level("INFO", logger="cw2v")
    seen = []
    small(epochs=2, report=seen.append)
    assert not [record for record in caplog.records if "PROGRESS" in record.getMessage()]
    model = small(None, report=seen.append)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=len(TEXT), epochs=2, report_delay=0)
    lines = [record.getMessage() for record in caplog.records if "PROGRESS" in record.getMessage()]
    assert lines[-1].startswith("EPOCH 1 - PROGRESS: at 100.00% examples, ")
    assert any(line.startswith("EPOCH 0 - PROGRESS: at 100.00% examples, ") for line in lines)
    assert [progress.epoch for progress in seen if progress.stage == "train"] == [1, 2, 1, 2]


def test_the_log_goes_on_where_the_text_is_read_again_in_each_epoch(caplog):
    caplog.set_level("INFO", logger="cw2v")
    seen = []
    progress = LoggedProgress(seen.append, logging.getLogger("cw2v"), delay=1)
    for epoch, done, seconds in ((1, 50, 2.0), (1, 100, 4.0), (2, 110, 0.5), (2, 150, 1.0)):
        progress(Progress("train", done, 200, "words", seconds, epoch=epoch, epochs=2))
    lines = [record.getMessage().removeprefix("EPOCH ") for record in caplog.records]
    assert lines == [
        "0 - PROGRESS: at 50.00% examples, 25 words/s",
        "0 - PROGRESS: at 100.00% examples, 25 words/s",
        "1 - PROGRESS: at 50.00% examples, 50 words/s",
    ]
    assert len(seen) == 4
