"""Every error that a person, a file or a machine can be expected to cause, on one base.

An expected error is a plain sentence about what is wrong and a way out. The shell prints it in one
line and exits with code 2; the window shows it and lives on. Any other exception is a bug.
"""

from __future__ import annotations


class AmodalError(Exception):
    """An expected error.

    Args:
        problem: one plain sentence: what is wrong, naming the file or thing.
        way_out: one plain sentence: what the person can do about it.
    """

    def __init__(self, problem: str, way_out: str) -> None:
        super().__init__(f"{problem} {way_out}")
        self.problem = problem
        self.way_out = way_out


class MediaError(AmodalError):
    """Footage that cannot be read, or not at the place asked for."""


class FootageMissingError(MediaError):
    """Footage that is not where the project says it is."""


class StreamError(MediaError):
    """A live stream that is unreachable or has stopped."""


class DecoderCrashedError(MediaError):
    """The decoding process died while it read a frame."""


class DetectorUnavailableError(AmodalError):
    """A detector that cannot run here: a package, a file or the network is missing."""


class DetectionError(AmodalError):
    """A detector that ran and could not do its work, such as a network of an unknown layout."""


class ProjectError(AmodalError):
    """A project file that cannot be used."""


class NotAProjectError(ProjectError):
    """A file that is no Amodal Studio project."""


class DamagedProjectError(ProjectError):
    """A project whose file is damaged."""


class NewerProjectError(ProjectError):
    """A project written by a newer version of the program."""


class ReadOnlyProjectError(ProjectError):
    """A project that cannot be written."""


class ProjectBusyError(ProjectError):
    """A project whose write lock is held by someone else for too long."""


class DiskFullError(AmodalError):
    """The disk has no room left for what must be written."""


class EditRefusedError(AmodalError):
    """An edit, an undo or a redo that would overwrite what someone else did since."""


class UndoRefusedError(EditRefusedError):
    """Someone or something else changed since what an undo would take back; History.keep lets it stand."""


class JobError(AmodalError):
    """A job that cannot be started, found, or carried on."""


class JobStoppedError(JobError):
    """A person stopped a job before the process that was to run it could take it."""


class SettingsError(AmodalError):
    """Settings that do not fit."""


class ExchangeError(AmodalError):
    """A file of another tool that cannot be read or written."""


class PickleRefusedError(ExchangeError):
    """A pickle that holds more than plain data, or is damaged."""


class ShapeSpaceError(AmodalError):
    """A car shape space, or what one shall be built from, that cannot be used."""


class BodyModelError(AmodalError):
    """A body model's file that cannot be used."""


class BodyFileChangedError(BodyModelError):
    """A body model's file that is another than when it was read before."""


class MotionFileError(AmodalError):
    """A file of people's motions that cannot be used."""


class CheckpointError(AmodalError):
    """A file of a network's weights that cannot be used: damaged, unsafe, or of another network."""


class BodyEstimatorError(AmodalError):
    """A system that estimates people's bodies and cannot run here, or gave what is no body."""


class CalibrationError(AmodalError):
    """A camera, or what was drawn or read to calibrate one, that gives no usable geometry."""


class DistortionFoldsError(CalibrationError):
    """A lens distortion that puts two directions on one pixel inside the picture."""


class AboveHorizonError(CalibrationError):
    """A pixel that was to lie on the ground, but sees no ground."""


class CalibrationFileError(CalibrationError):
    """A calibration file of another format, damaged, or of a lens that is not supported."""


class FittingError(AmodalError):
    """Evidence that no fit can be made from, whatever its points say."""


class RayCastingUnavailableError(AmodalError):
    """Rays that cannot be cast here: open3d is missing or does not load."""


class CompositeError(AmodalError):
    """A composite that cannot be made: too little to choose from, or something in it is missing."""


class TrainingError(AmodalError):
    """A training that cannot begin or go on."""


class TooFewLabelsError(TrainingError):
    """A training for which the project has too few labels, or only one kind of them."""


class LossError(TrainingError):
    """A loss, or a gradient of it, that is no number."""


class EvaluationError(AmodalError):
    """An evaluation that cannot be made: nothing to measure by, or what is measured does not fit to it."""
