"""What the shards' pages told last, by run. A cache: after a restart the pages tell it again."""

from __future__ import annotations

from collections.abc import Iterable

from kompass_api.progress import ShardProgress
from kompass_operator.observed import Pages


class ProgressBoard:
    """Written by the reader of the pages, read by the passes."""

    def __init__(self) -> None:
        self._pages: dict[str, Pages] = {}

    def of(self, run_uid: str) -> Pages:
        """What a run's shards told."""
        return self._pages.get(run_uid, Pages())

    def note(self, run_uid: str, read: Iterable[ShardProgress]) -> bool:
        """Keep what was read in this round; whether it says anything new."""
        before = self.of(run_uid)
        fresh = {page.shard: page for page in read}
        after = Pages({**before.told, **fresh}, frozenset(fresh))
        self._pages[run_uid] = after
        return after != before

    def keep_only(self, run_uids: Iterable[str]) -> None:
        """Forget every other run."""
        kept = set(run_uids)
        self._pages = {uid: pages for uid, pages in self._pages.items() if uid in kept}
