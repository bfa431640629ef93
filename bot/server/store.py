"""Jobs and films on disk. Plain blocking functions: the queue calls them in threads.

    <folder>/lock               held while a server uses the folder
    <folder>/jobs/<id>/         job.json, reference.*, film.mp4, thumbnail.jpg, spritesheet.jpg
    <folder>/attempts/          what is being written or removed; emptied at every start

A file or folder gets into `jobs` by one rename when it is complete, so a crash at any moment leaves
either the old state or the new one.
"""

import errno
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from pydantic import ValidationError

from bot.server.job import VideoJob
from bot.server.reference import ReferenceImage
from bot.server.renderer import FilmFiles

logger = logging.getLogger(__name__)

_RECORD: Final = "job.json"


class JobStore:
    """The files of one server. Every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        self._folder = folder
        self._jobs = folder / "jobs"
        self._work = folder / "attempts"
        # Opened in one thread and closed in another.
        self._lock = FileLock(folder / "lock", thread_local=False)

    def open(self) -> list[VideoJob]:
        """Lock the folder, remove leftovers and read all records, in the order of arrival.

        Raises OSError when another server holds the folder.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise OSError(errno.EBUSY, f"another server is already using {self._folder}") from None
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(exist_ok=True)
        self._jobs.mkdir(exist_ok=True)
        records = (self._read(folder) for folder in self._jobs.iterdir())
        return sorted((job for job in records if job), key=lambda job: job.number)

    def close(self) -> None:
        """Unlock the folder."""
        self._lock.release()

    def add(self, job: VideoJob, image: ReferenceImage | None) -> None:
        """Write a new job, durable when this returns; on OSError nothing is left."""
        draft = Path(tempfile.mkdtemp(dir=self._work))
        try:
            if image and job.reference:
                _write(draft / job.reference, image.data)
            _write(draft / _RECORD, job.model_dump_json().encode())
            _sync(draft)
            draft.rename(self._jobs / job.id)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _sync(self._jobs)

    def save(self, job: VideoJob) -> None:
        """Replace a job's record, durable when this returns."""
        record = self._jobs / job.id / _RECORD
        draft = record.with_suffix(".new")
        _write(draft, job.model_dump_json().encode())
        draft.replace(record)
        _sync(record.parent)

    def discard(self, job_id: str) -> None:
        """Remove a job and everything it has; one that is not there is removed already."""
        grave = Path(tempfile.mkdtemp(dir=self._work))
        try:
            (self._jobs / job_id).rename(grave / job_id)
        except FileNotFoundError:
            logger.debug("%s was removed already", job_id)
        else:
            _sync(self._jobs)
        shutil.rmtree(grave, ignore_errors=True)

    def begin(self) -> Path:
        """Create a folder for one render; a later render of the same job never shares it."""
        return Path(tempfile.mkdtemp(dir=self._work))

    def end(self, attempt: Path) -> None:
        """Remove what a render left behind."""
        shutil.rmtree(attempt, ignore_errors=True)

    def keep(self, job_id: str, attempt: Path) -> None:
        """Move a rendered film and its pictures to their job."""
        for whole, place in zip(FilmFiles.within(attempt), self.files(job_id), strict=True):
            _sync(whole)
            whole.replace(place)

    def remove_film(self, job: VideoJob) -> None:
        """Remove a job's film and its pictures and write that it has none."""
        for path in self.files(job.id):
            path.unlink(missing_ok=True)
        self.save(job)

    def remove_reference(self, job: VideoJob) -> None:
        """Remove a job's image, of no use once the job has ended."""
        if image := self.reference(job):
            image.unlink(missing_ok=True)

    def files(self, job_id: str) -> FilmFiles:
        """Where a completed job's film and pictures are."""
        return FilmFiles.within(self._jobs / job_id)

    def reference(self, job: VideoJob) -> Path | None:
        """Where a job's image is, if it has one."""
        return self._jobs / job.id / job.reference if job.reference else None

    def _read(self, folder: Path) -> VideoJob | None:
        try:
            return VideoJob.model_validate_json((folder / _RECORD).read_bytes())
        except (OSError, ValidationError):
            logger.exception("%s holds no job", folder, extra={"action": "record_unreadable"})
            return None


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
