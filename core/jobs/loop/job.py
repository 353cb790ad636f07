"""The job that closes the loop: each round mines with the best model so far, and trains a better one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import JobError
from core.jobs.context import JobContext
from core.jobs.footage import chosen_footage
from core.jobs.loop.before_mining import beside_before
from core.jobs.loop.needs import calibrated, check, test_name
from core.jobs.loop.parts import Parts, given_parts
from core.jobs.loop.settings import LoopSettings
from core.jobs.networks_in_use import model_in_use
from core.jobs.train.files import file_of
from core.jobs.train.sides import key_of
from core.login_name import login_name
from core.mining.detectors.settings import OwnSettings
from core.records.figures import FIGURES
from core.records.recipes import RecipeSetRow, Split
from core.records.runs import Purpose
from core.records.slices import ALL
from core.store.edits.runs import use_run
from core.store.history import History
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.evaluations import evaluation_numbers
from core.store.queries.pieces import piece_lives
from core.store.queries.recipes import pieces_in, set_by_name
from core.store.queries.runs import run_by_id

# of a round
_SHARES = {"background": 0.04, "mine": 0.16, "fit": 0.05, "cut": 0.05, "compose": 0.03, "held": 0.02}
_TRAINED, _EVALUATED = 0.5, 0.15


@dataclass(frozen=True, slots=True)
class Measured:
    """A model as it was measured.

    Attributes:
        run: its run. evaluation: its evaluation. truth_key: digest of what it was measured by.
        value: of the figure that decides, 0 to 1. low, high: ends of its interval, or None.
    """

    run: int
    evaluation: int
    truth_key: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a round, as the job's result has it.

    Attributes:
        round: its number, from 1. found, unoccluded: objects of its mining. cut: newly cut out.
        composites: to learn from.
        run, evaluation: numbers. value, low, high: as `Measured`. gain: over the best before.
        used: whether its model is in use since.
        detector: what mined; where what was found stayed as it was, what had found it.
        found_share: how many objects its model found in some frames, of how many were found there before, or
            None where that was not looked at.
    """

    round: int
    detector: str
    found: int
    unoccluded: int
    cut: int
    composites: int
    run: int
    evaluation: int
    value: float
    low: float | None
    high: float | None
    gain: float
    used: bool
    found_share: float | None


def run_loop(context: JobContext) -> dict[str, Any]:
    """Go round until it no longer helps; a loop that was stopped goes on in the part where it stopped.

    Raises:
        JobError: something that a round needs is missing, or a part of it ended in an error.
        SettingsError: settings of parts do not fit.
    """
    settings = context.settings(LoopSettings)
    known = context.checkpoint
    if "given" not in known:
        check(context, settings)
        given = given_parts(settings.parts)
        Parts(context, given).check()
        known |= {"given": given, "rounds": [], "best": None, "test": test_name(context, settings)}
        used = model_in_use(context.project, Purpose.DETECTOR)
        known["began"] = None if used is None else used.run_id
        _save(context)
    loop = _Loop(context, settings, Parts(context, known["given"]))
    return loop.go()


class _Loop:
    def __init__(self, context: JobContext, settings: LoopSettings, parts: Parts) -> None:
        self._context, self._settings, self._parts = context, settings, parts
        self._known = context.checkpoint
        self._per_round = 1 / settings.rounds
        self._title = FIGURES[settings.figure].title

    def go(self) -> dict[str, Any]:
        """All rounds that are left; gives the table of all."""
        self._measure_what_is_in_use()
        rounds = self._known["rounds"]
        while "ended" not in self._known:
            if len(rounds) >= self._settings.rounds:
                self._end(f"All {self._settings.rounds} rounds are over.")
            else:
                self._round(len(rounds) + 1)
        self._context.log(self._known["ended"])
        best = self._known["best"]
        return {
            "rounds": rounds,
            "figure": self._title,
            "measured by": self._settings.truth,
            "before": None if self._known.get("before") is None else self._known["before"]["value"],
            "best": None if best is None else best["value"],
            "model in use": None if best is None else best["run"],
            "ended": self._known["ended"],
        }

    def _measure_what_is_in_use(self) -> None:
        """The model to beat, where the project has one: no worse one shall take its place."""
        began = self._known["began"]
        if began is None or self._known["best"] is not None or self._known["rounds"]:
            return
        found = self._measured("0 evaluate", began, 0.0, 0.0, "The detector in use")
        self._known |= {"best": asdict(found), "before": asdict(found)}
        _save(self._context)
        self._context.log(f"Before the first round: {self._title} {found.value:.4f}.")

    def _round(self, number: int) -> None:
        """Does a round and notes what came of it."""
        begun = (number - 1) * self._per_round
        words = f"Round {number}"
        detector, mining = self._detector(number)
        share = self._found_share(number, mining, words)
        if share is None or share >= self._settings.least_found:
            mined = self._mined(number, mining, words)
        else:
            last = self._known["rounds"][-1]
            detector, mined = last["detector"], {"objects": last["found"], "unoccluded": last["unoccluded"]}
        if mined is None:
            return
        cut = self._part(number, "cut", "cut", self._camera(), words)
        composed = self._composed(number, words)
        self._refuse_shared(composed)
        trained = self._part(
            number,
            "train",
            "train",
            {
                "what": "detector",
                "name": f"Loop {self._context.job_id}, round {number}",
                "composites": composed,
            }
            | {"seed": self._settings.seed + number, "device": self._settings.device, "estimate": False}
            | ({} if self._settings.epochs is None else {"epochs": self._settings.epochs})
            | ({"variant": self._settings.variant} if self._settings.variant else {})
            | self._start(),
            words,
        )
        run = int(trained["run"])
        after = begun + (1 - _EVALUATED) * self._per_round
        found = self._measured(f"{number} evaluate", run, after, _EVALUATED * self._per_round, words)
        self._judge(number, detector, share, mined, cut, found, words)

    def _found_share(self, number: int, mining: Mapping[str, Any], words: str) -> float | None:
        """How many objects a round's model finds, of how many were found before; None: it was not looked at.

        It is looked at once, before it mines: mining takes the place of what machines found before it.
        """
        if number == 1 or mining["detector"] != "own":
            return None
        known = self._known.setdefault("beside", {})
        if str(number) not in known:
            self._context.progress(
                (number - 1) * self._per_round, f"{words}, looking at what was found before"
            )
            told = beside_before(self._context, self._settings.camera, OwnSettings(**mining["own"]))
            known[str(number)] = told.share
            _save(self._context)
            self._context.log(
                f"{words}: in frames with {told.before:,} objects found before, its model finds "
                f"{told.found:,}, {told.same:,} of them the same"
                + (
                    "; so what was found before stays, and it does not mine."
                    if told.share < self._settings.least_found
                    else "."
                )
            )
        return float(known[str(number)])

    def _mined(self, number: int, mining: Mapping[str, Any], words: str) -> dict[str, Any] | None:
        """What was mined and fitted; None where that ended the loop."""
        settings = self._settings
        footage = chosen_footage(self._context.project, settings.camera, [])
        with self._context.project.read() as connection:
            bare = [one for one in footage if not list_backgrounds(connection, one.camera.id)]
        for one in bare:
            name = f"background {one.camera.id}"
            self._part(number, name, "background", {"camera": one.camera.name}, words)
        mined = self._part(number, "mine", "mine", self._camera() | dict(mining), words)
        if number > 1:
            last = self._known["rounds"][-1]
            self._context.log(
                f"{words} found {mined['objects']:,} objects, {mined['unoccluded']:,} unoccluded; before it "
                f"{last['found']:,} and {last['unoccluded']:,}."
            )
        if not mined["unoccluded"]:
            if not self._known["rounds"]:
                raise JobError(
                    f"{words} found {mined['objects']} objects, and none that is unoccluded.",
                    "Mine with another detector or more footage, and look at Review.",
                )
            self._end(f"{words} found nothing unoccluded with the model of the round before.")
            return None
        if self._calibrated():
            self._part(number, "fit", "fit", self._camera(), words)
        elif number == 1:
            self._context.log("No camera is calibrated: nothing is fitted, and composites are WALT2D's.")
        return mined

    def _composed(self, number: int, words: str) -> str:
        """Makes a round's composites; gives the name of the set to learn from."""
        name = f"Loop {self._context.job_id}, round {number}"
        for part, split, count, called in (
            ("compose", "train", self._settings.composites, name),
            ("held", "validation", self._settings.validation, f"{name}, for validation"),
        ):
            values = {
                "name": called,
                "count": count,
                "split": split,
                "sampler": self._settings.sampler,
                "seed": self._settings.seed + number,
            }
            self._part(number, part, "compose", self._camera() | values, words)
        return name

    def _judge(
        self,
        number: int,
        detector: str,
        share: float | None,
        mined: Mapping[str, Any],
        cut: Mapping[str, Any],
        found: Measured,
        words: str,
    ) -> None:
        """Notes a round, takes its model where that is better, and ends the loop where it no longer helps."""
        best = self._known["best"]
        if best is not None and best["truth_key"] != found.truth_key:
            raise JobError(
                f"{words} was measured by other objects than what was before it.",
                "Begin a new loop, measured by a drawn street or by composites that stay.",
            )
        gain = found.value - (0.0 if best is None else best["value"])
        # a first model is beside one that cannot be measured so: next to nothing does not take its place
        better = gain > 0 and (best is not None or gain >= self._settings.least_gain)
        if better:
            # before it is noted: done once more, it changes nothing
            use_run(History(self._context.project, login_name()), found.run)
            self._known["best"] = asdict(found)
        row = Round(
            number,
            detector,
            int(mined["objects"]),
            int(mined["unoccluded"]),
            int(cut["cut"]),
            self._settings.composites,
            found.run,
            found.evaluation,
            round(found.value, 4),
            _short(found.low),
            _short(found.high),
            round(gain, 4),
            better,
            _short(share),
        )
        self._known["rounds"].append(asdict(row))
        if best is None and not better:
            self._known["ended"] = (
                f"{words} came to less than {self._settings.least_gain:g}, so its model is not used."
            )
        elif gain <= 0:
            self._known["ended"] = f"{words} was no better than what was before it, so that stays in use."
        elif gain < self._settings.least_gain:
            self._known["ended"] = f"{words} gained less than {self._settings.least_gain:g}."
        _save(self._context)
        self._context.log(
            f"{words}: {row.unoccluded:,} of {row.found:,} objects unoccluded by {detector}, {row.cut:,} "
            f"newly cut out; {self._title} {found.value:.4f}, {gain:+.4f}; "
            + ("its model is in use now." if better else "its model is not used.")
        )

    def _measured(self, name: str, run: int, begun: float, share: float, words: str) -> Measured:
        settings = self._settings
        values: dict[str, Any] = {"what": "run", "run": run, "truth": settings.truth, "side": "test"}
        values |= {"most": settings.pictures, "device": settings.device, "composites": self._known["test"]}
        told = self._parts.do(name, "evaluate", values, begun, share, words)
        with self._context.project.read() as connection:
            numbers = evaluation_numbers(connection, int(told["evaluation"]))
        figure = None if numbers is None else numbers.by_name.get((settings.figure, ALL))
        if numbers is not None and figure is None and not numbers.evaluation.data.get("finds", 1):
            self._context.log(f"Run {run} found nothing at all, which counts as {self._title} 0.")
            return Measured(run, numbers.evaluation.id, numbers.evaluation.truth_key, 0.0, None, None)
        if numbers is None or figure is None:
            raise JobError(
                f"The evaluation of run {run} has no {self._title}.", "Choose another figure or truth."
            )
        key = numbers.evaluation.truth_key
        return Measured(run, numbers.evaluation.id, key, figure.value, figure.low, figure.high)

    def _detector(self, number: int) -> tuple[str, dict[str, Any]]:
        """What mines in a round: its name for people, and settings."""
        best = self._known["best"]
        if best is not None and (number > 1 or self._settings.first == "current"):
            own = {**self._known["given"].get("mine", {}).get("own", {}), "run": best["run"]}
            return f"run {best['run']}", {"detector": "own", "own": own}
        first = "motion" if self._settings.first == "current" else self._settings.first
        return first, {"detector": first}

    def _start(self) -> dict[str, Any]:
        """With which weights a round's training begins: those of the best before it."""
        best = self._known["best"]
        if best is None:
            return {}
        with self._context.project.read() as connection:
            run = run_by_id(connection, best["run"])
        if run is None or run.best is None:
            raise JobError(f"Run {best['run']} has no weights any more.", "Begin a new loop.")
        return {"begin_with": "file", "start": str(file_of(self._context.project, run.best))}

    def _refuse_shared(self, name: str) -> None:
        """Refuses to learn from what the rounds are measured by."""
        if not self._known["test"]:
            return
        with self._context.project.read() as connection:
            taught, held = set_by_name(connection, name), set_by_name(connection, self._known["test"])
            if taught is None or held is None:
                raise JobError("A set of composites of this loop was removed.", "Begin a new loop.")

            def keys(one: RecipeSetRow, split: Split) -> set[Any]:
                lives = piece_lives(connection, sorted(pieces_in(connection, one.id, split)))
                return {key_of(life.instance_id, life.track_id) for life in lives if not life.standing}

            shared = len(keys(taught, Split.TRAIN) & keys(held, Split.TEST))
        if shared:
            raise JobError(
                f"{shared} objects of {held.name} are also in what this round would learn from.",
                "Measure it by a drawn street, or make the test set of another camera's objects.",
            )

    def _part(
        self, number: int, name: str, kind: str, settings: Mapping[str, Any], words: str
    ) -> dict[str, Any]:
        begun, share = 0.0, _TRAINED
        for other, part in _SHARES.items():
            if other == name.split()[0]:
                share = part
                break
            begun += part
        whole = self._per_round
        words = f"{words}, {kind}"
        return self._parts.do(
            f"{number} {name}", kind, settings, (number - 1 + begun) * whole, share * whole, words
        )

    def _camera(self) -> dict[str, Any]:
        return {"camera": self._settings.camera}

    def _calibrated(self) -> bool:
        return bool(calibrated(self._context, self._settings))

    def _end(self, words: str) -> None:
        self._known["ended"] = words
        _save(self._context)


def _save(context: JobContext) -> None:
    with context.project.write() as connection:
        context.save(connection)


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
