"""gensim's log of what happened to a model or table, which is saved with it."""

from __future__ import annotations

import logging
import platform
import sys
from copy import deepcopy
from datetime import datetime
from typing import Any

logger = logging.getLogger(__name__)


class Lifecycle:
    """Gives a class the list `lifecycle_events`; set it to None to keep no log."""

    lifecycle_events: list[dict[str, Any]] | None

    def add_lifecycle_event(
        self, event_name: str, log_level: int = logging.INFO, **event: Any
    ) -> None:
        """Append an event to `lifecycle_events`, and log it.

        Parameters
        ----------
        event_name : str
            For example "created" or "saving".
        log_level : int
            The level at which the event is logged; 0 to log nothing.
        **event
            Data of the event; the time, the versions of cw2v and Python, and the platform are
            added. Values that JSON can hold are saved with the model.
        """
        from cw2v import __version__

        entry = {
            **deepcopy(event),
            "datetime": datetime.now().isoformat(),
            "cw2v": __version__,
            "python": sys.version,
            "platform": platform.platform(),
            "event": event_name,
        }
        if log_level:
            logger.log(log_level, "%s lifecycle event %s", type(self).__name__, entry)
        events = getattr(self, "lifecycle_events", [])
        if events is not None:
            events.append(entry)
            self.lifecycle_events = events
