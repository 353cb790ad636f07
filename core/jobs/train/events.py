"""What a training tells, written into its project as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from core.errors import JobError
from core.jobs.context import JobContext
from core.jobs.train.files import name_of
from core.records.runs import MetricPoint, RunPicture
from core.store.bulk import BulkWriter
from core.store.writers.runs import forget_after, update_run, write_metrics, write_pictures
from core.training.plan import Kept, Reached


class StoredRun:
    """A run's row, numbers and gallery, as `TrainEvents`.

    Args:
        context: of its job.
        bulk: writes it.
        run_id: its row.
        on_begun: called once the network is made.
    """

    def __init__(
        self,
        context: JobContext,
        bulk: BulkWriter,
        run_id: int,
        on_begun: Callable[[], None] = lambda: None,
    ) -> None:
        self._context, self._bulk, self._run_id, self._on_begun = context, bulk, run_id, on_begun
        self._file = context.project.path.stat()

    def begun(self, reached: Reached) -> None:
        """Forgets what an attempt that was killed had told of later steps."""

        def write(connection: Connection) -> None:
            forget_after(connection, self._run_id, reached.step)
            self._write(connection, reached)

        self._bulk.run(write)
        self._on_begun()

    def check_stop(self) -> None:
        """Raises JobCancelled where a person asked it to stop, and JobError where the project is gone."""
        self._context.check_stop()
        path = self._context.project.path
        try:
            now = path.stat()
        except OSError:
            now = None
        if now is None or (now.st_dev, now.st_ino) != (self._file.st_dev, self._file.st_ino):
            raise JobError(
                f"{path.name} is no longer where it was when this training began.",
                "Open it where it is now and resume the job: it goes on from its last checkpoint.",
            )

    def log(self, line: str) -> None:
        """Into the job's log."""
        self._context.log(line)

    def progress(self, share: float, words: str) -> None:
        """Into the job's row, with its next heartbeat."""
        self._context.progress(share, words)

    def metrics(self, points: Sequence[MetricPoint], reached: Reached) -> None:
        """Into the run's numbers."""

        def write(connection: Connection) -> None:
            write_metrics(connection, self._run_id, points)
            self._write(connection, reached)

        self._bulk.run(write)

    def pictures(self, pictures: Sequence[RunPicture]) -> None:
        """Into the run's gallery."""
        self._bulk.each(pictures, lambda connection, some: write_pictures(connection, self._run_id, some))

    def checkpoint(self, kept: Kept, path: Path, reached: Reached) -> None:
        """The name of its file into the run's row."""
        self._bulk.run(lambda connection: self._write(connection, reached, **{kept: name_of(path)}))

    def _write(self, connection: Connection, reached: Reached, **more: str) -> None:
        update_run(
            connection,
            self._run_id,
            step=reached.step,
            epoch=reached.epoch,
            seconds=reached.seconds,
            value=reached.value,
            best_step=reached.best_step,
            **more,
        )
