"""Joins the Sources workspace's controllers and views by signals, and answers its actions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app import file_dialogs
from app.controllers.backgrounds import BackgroundsController
from app.controllers.calibration import CalibrationController
from app.controllers.calibration_witnesses import CarsCalibrationController, PeopleCalibrationController
from app.controllers.jobs import JobsController
from app.controllers.live import LiveController
from app.controllers.mining import MiningController
from app.controllers.player import PlayerController
from app.controllers.road import RoadController
from app.controllers.sources import SourcesController
from app.session import ProjectSession
from app.states.sources import Selection, SourcesState
from app.views.form_dialogs import FormDialog
from app.views.sources.camera_dialog import CameraDialog
from app.views.sources.sources_view import SourcesView
from app.workspace import Workspace
from core.records.forms import Form
from core.records.history import Touched
from core.records.jobs import JobRow
from core.records.media import SourceKind
from core.records.project import CameraRow, SourceRow

_JUMP_S = 10.0
_CALIBRATIONS = "Calibrations (*.json *.yaml *.yml *.xml *.txt *.bin);;All files (*)"
_VIDEOS = "Videos (*.mp4 *.avi *.mkv *.mov *.m4v *.webm *.ts *.mpg *.mpeg *.wmv *.flv *.3gp);;All files (*)"


def build_sources(
    session: ProjectSession, jobs: JobsController, go_to: Callable[[str], None] = lambda _: None
) -> Workspace:
    """The Sources workspace on a session.

    Args:
        go_to: brings another workspace to the front by its id.
    """
    return _Sources(session, jobs, go_to).workspace()


class _Sources:
    """The workspace's parts, joined."""

    def __init__(self, session: ProjectSession, jobs: JobsController, go_to: Callable[[str], None]) -> None:
        self.session, self.jobs, self.go_to = session, jobs, go_to
        self.sources = SourcesController(session, jobs)
        self.player = PlayerController(session)
        self.backgrounds = BackgroundsController(session, jobs)
        self.mining = MiningController(session, jobs)
        self.live = LiveController(session, jobs)
        self.calibration = CalibrationController(session)
        self.road = RoadController(session, jobs)
        self.cars = CarsCalibrationController(session)
        self.people = PeopleCalibrationController(session)
        self.view = SourcesView()
        self._shown_before = False
        self._suggested = ""
        self._join_list()
        self._join_player()
        self._join_tabs()
        self._join_live()
        self._join_calibration()

    def workspace(self) -> Workspace:
        """The workspace as the window knows it."""
        handlers = self._handlers()
        self.view.wanted.connect(lambda action_id: handlers[action_id]())
        return Workspace(
            id="sources",
            title="Sources",
            icon="sources",
            widget=self.view,
            handlers=handlers,
            checked={"sources.live": lambda: self.view.is_live},
            on_shown=self._on_shown,
            on_hidden=self.player.pause,
            on_touched=self._on_touched,
            on_job_changed=self._on_job_changed,
            show_calibration=self._show_calibration,
            close=self._close,
        )

    # ---- joining --------------------------------------------------------------------------------

    def _join_list(self) -> None:
        self.sources.changed.connect(self._show_list)
        self.sources.source_chosen.connect(self._show_source)
        self.sources.camera_chosen.connect(self._show_camera)
        self.view.list.chosen.connect(self.sources.choose)
        self.view.list.dropped.connect(self.sources.add_footage)
        self.view.list.shown_again.connect(self.sources.show_hidden)
        self.view.dropped.connect(self.sources.add_footage)
        self.view.tab_shown.connect(self._need_form)

    def _join_player(self) -> None:
        view = self.view.player
        self.player.changed.connect(view.show_state)
        view.seek_wanted.connect(self.player.seek)
        view.step_wanted.connect(self.player.step)
        view.play_wanted.connect(self.player.toggle)
        view.find_wanted.connect(self._ask_find)
        view.file_wanted.connect(self._ask_file)

    def _join_tabs(self) -> None:
        background, mine = self.view.background, self.view.mine
        self.backgrounds.changed.connect(background.show_state)
        background.chosen.connect(self.backgrounds.choose)
        background.make_wanted.connect(lambda: self.backgrounds.make())
        background.options_wanted.connect(self._ask_background)
        background.closed.connect(lambda _: self.backgrounds.close_job())
        self.mining.changed.connect(mine.show_state)
        mine.run_wanted.connect(self.mining.run)
        mine.review_wanted.connect(lambda: self.go_to("review"))
        mine.closed.connect(self.mining.close_job)
        for tab in (background, mine, self.view.record):
            tab.cancelled.connect(self.jobs.cancel)
            tab.resumed.connect(self.jobs.resume)
        background.show_state(self.backgrounds.state)
        mine.show_state(self.mining.state)

    def _join_live(self) -> None:
        pane, record = self.view.live, self.view.record
        self.live.changed.connect(pane.show_state)
        self.live.recording_changed.connect(record.show_job)
        pane.watch_wanted.connect(self.live.watch)
        pane.watch_wanted.connect(lambda address: record.suggest(address=address))
        pane.stop_wanted.connect(self.live.stop)
        record.run_wanted.connect(self.live.record)
        record.closed.connect(lambda _: self.live.close_job())

    def _join_calibration(self) -> None:
        tab, sketch, calibration = self.view.calibration, self.view.sketch, self.calibration
        calibration.changed.connect(tab.show_state)
        calibration.changed.connect(sketch.show_state)
        calibration.stick_changed.connect(sketch.show_stick)
        tab.way_chosen.connect(calibration.begin)
        tab.role_chosen.connect(calibration.choose_role)
        tab.import_wanted.connect(self._ask_calibration)
        tab.cloud_wanted.connect(self._ask_cloud)
        self.road.changed.connect(tab.show_job)
        self.road.found.connect(calibration.propose)
        tab.cars_wanted.connect(self._ask_cars)
        tab.cars.check_wanted.connect(self.cars.check)
        calibration.changed.connect(self.cars.follow)
        self.cars.changed.connect(tab.show_cars)
        self.cars.found.connect(calibration.propose)
        tab.people_wanted.connect(self._ask_people)
        tab.people.check_wanted.connect(self.people.check)
        calibration.changed.connect(self.people.follow)
        self.people.changed.connect(tab.show_people)
        self.people.found.connect(calibration.propose)
        tab.cancelled.connect(self.jobs.cancel)
        tab.resumed.connect(self.jobs.resume)
        tab.closed.connect(self.road.close_job)
        tab.camera_chosen.connect(calibration.choose_import)
        tab.left.connect(calibration.leave)
        tab.cleared.connect(calibration.start_over)
        tab.use_wanted.connect(calibration.use)
        tab.edit_wanted.connect(calibration.draw_on)
        for part in (tab, sketch):
            part.accepted.connect(calibration.accept)
        numbers = tab.numbers
        numbers.sides_changed.connect(calibration.set_sides)
        numbers.number_changed.connect(calibration.set_number)
        numbers.place_changed.connect(calibration.set_place)
        numbers.degrees_changed.connect(calibration.set_degrees)
        numbers.keep_lens_changed.connect(calibration.set_keep_lens)
        numbers.removed.connect(calibration.remove)
        sketch.placed.connect(calibration.place)
        sketch.moved.connect(calibration.move)
        sketch.selected.connect(calibration.select)
        sketch.nudged.connect(calibration.nudge)
        sketch.taken_back.connect(calibration.take_back)
        sketch.escaped.connect(calibration.escape)
        sketch.hovered.connect(calibration.hover)

    # ---- following ------------------------------------------------------------------------------

    def _on_shown(self) -> None:
        if not self._shown_before:
            self._shown_before = True
            self.sources.refresh()
            for row in self.session.jobs():
                self._on_job_changed(row)

    def _show_calibration(self, camera_id: int, source_id: int) -> None:
        self.sources.choose(Selection(camera_id, source_id))
        if self.view.is_live:
            self.view.show_live(False)
        self.view.show_tab("calibration")

    def _on_touched(self, touched: Touched) -> None:
        self.sources.on_touched(touched)
        self.calibration.on_touched(touched)
        self.cars.on_touched(touched)
        self.people.on_touched(touched)

    def _on_job_changed(self, row: JobRow) -> None:
        self.sources.on_job_changed(row)
        self.backgrounds.on_job_changed(row)
        self.mining.on_job_changed(row)
        self.live.on_job_changed(row)
        self.road.on_job_changed(row)

    def _show_list(self, state: SourcesState) -> None:
        self.view.show_state(state)
        self.mining.show(state)

    def _show_source(self, source: SourceRow | None) -> None:
        self.player.show(source)
        self.view.title.set_whole(source.name if source is not None else "")
        self.calibration.set_size((source.width, source.height) if source is not None else None)
        if source is not None and self.view.is_live:
            self.view.show_live(False)

    def _show_camera(self, camera: CameraRow | None) -> None:
        self.backgrounds.show(camera)
        self.cars.show(camera)
        self.people.show(camera)
        self.calibration.show(camera)
        self.road.show(camera)
        self.player.set_utc_offset(camera.utc_offset_s if camera is not None else 0.0)
        if camera is not None and camera.name != self._suggested:
            self._suggested = camera.name  # once: what the person typed since stays
            self.view.record.suggest(camera=camera.name)

    def _close(self) -> None:
        self.player.close()
        self.live.close()

    # ---- wishes ---------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Callable[[], None]]:
        player, sources = self.player, self.sources
        return {
            "sources.add_video": self._ask_videos,
            "sources.add_folder": self._ask_folder,
            "sources.add_camera": self._ask_camera,
            "sources.edit_camera": self._ask_edit,
            "sources.hide": sources.hide_source,
            "sources.show_hidden": lambda: sources.show_hidden(),
            "sources.remove_camera": sources.remove_camera,
            "sources.find": self._ask_find,
            "sources.point_out": self._ask_file,
            "sources.next": lambda: sources.choose_next(1),
            "sources.previous": lambda: sources.choose_next(-1),
            "sources.play": player.toggle,
            "sources.next_frame": lambda: player.step(1),
            "sources.previous_frame": lambda: player.step(-1),
            "sources.jump_on": lambda: player.seek_time(player.state.time_s + _JUMP_S),
            "sources.jump_back": lambda: player.seek_time(max(player.state.time_s - _JUMP_S, 0.0)),
            "sources.fit": self.view.player.canvas.fit,
            "sources.live": lambda: self.view.show_live(not self.view.is_live),
            "sources.background": lambda: self.backgrounds.make(),
            "sources.calibrate": lambda: self.view.show_tab("calibration"),
            "sources.mine": self._mine,
        }

    def _mine(self) -> None:
        self.view.show_tab("mine")
        self._need_form("mine")
        self.view.mine.run()

    def _need_form(self, tab: str) -> None:
        """Reads a job's settings when its tab is first shown: a project opens sooner without them."""
        if tab == "mine" and not self.view.mine.has_form:
            self.jobs.form("mine", self.view.mine.show_form)
        if tab == "record" and not self.view.record.has_form:
            self.jobs.form("record", self.view.record.show_form)

    def _camera_id(self) -> int | None:
        camera = self.sources.state.camera
        return camera.id if camera is not None else None

    def _ask_videos(self) -> None:
        chosen = file_dialogs.ask_files(self.view, "Add videos", str(self._folder()), _VIDEOS)
        self.sources.add_footage([Path(path) for path in chosen], self._camera_id())

    def _ask_folder(self) -> None:
        chosen = file_dialogs.ask_folder(self.view, "Add a folder of pictures", str(self._folder()))
        if chosen:
            self.sources.add_footage([Path(chosen)], self._camera_id())

    def _ask_find(self) -> None:
        chosen = file_dialogs.ask_folder(
            self.view, "Search this folder, and those in it, for missing footage", str(self._folder())
        )
        if chosen:
            self.sources.find_in(Path(chosen))

    def _ask_file(self) -> None:
        source = self.sources.state.source
        if source is not None and source.kind is SourceKind.FOLDER:
            self._ask_find()  # a folder of pictures is pointed at as a folder
            return
        name = source.name if source is not None else "the missing footage"
        chosen = file_dialogs.ask_file(self.view, f"Where {name} is now", str(self._folder()), _VIDEOS)
        if chosen:
            self.sources.find_in(Path(chosen))

    def _ask_camera(self) -> None:
        dialog = CameraDialog("Add a camera", "Add", parent=self.view)
        dialog.taken.connect(self.sources.add_camera)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_edit(self) -> None:
        camera = self.sources.state.camera
        if camera is None:
            return
        dialog = CameraDialog("Camera's name and clock", "Keep", camera.name, camera.utc_offset_s, self.view)
        dialog.taken.connect(lambda name, offset: self.sources.edit_camera(camera.id, name, offset))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_cars(self) -> None:
        self.view.calibration.show_state(self.calibration.state)  # a click alone chooses no way
        self.cars.calibrate()

    def _ask_people(self) -> None:
        self.view.calibration.show_state(self.calibration.state)  # a click alone chooses no way
        self.people.calibrate()

    def _ask_calibration(self) -> None:
        self.view.calibration.show_state(self.calibration.state)  # a click alone chooses no way
        chosen = file_dialogs.ask_file(self.view, "Import a calibration", str(self._folder()), _CALIBRATIONS)
        if chosen:
            path = Path(chosen)
            # COLMAP's model is a folder of files; its cameras' poses are in the others
            colmap = path.stem in ("cameras", "images") and path.suffix in (".txt", ".bin")
            self.calibration.import_file(path.parent if colmap else path)

    def _ask_cloud(self) -> None:
        self.view.calibration.show_state(self.calibration.state)  # a click alone chooses no way
        intro = "The largest plane in the cloud is taken for the road. Nothing is saved until you accept it."
        self._ask_settings(
            "road",
            intro,
            "Find the road",
            frozenset({"camera", "picture"}),
            lambda values: self.road.find(values, self.calibration.state.size),
        )

    def _ask_background(self) -> None:
        intro = "The street without what moves, from frames spread over time."
        self._ask_settings("background", intro, "Make", frozenset({"camera"}), self.backgrounds.make)

    def _ask_settings(
        self,
        kind: str,
        intro: str,
        button: str,
        hidden: frozenset[str],
        on_taken: Callable[[dict[str, Any]], None],
    ) -> None:
        """Asks for a job's settings, but for those that the workspace knows."""

        def show(form: Form) -> None:
            dialog = FormDialog(form, intro, button, hidden=hidden, parent=self.view)

            def take(values: dict[str, Any]) -> None:
                on_taken(values)
                dialog.accept()

            dialog.taken.connect(take)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self.jobs.form(kind, show)

    def _folder(self) -> Path:
        source = self.sources.state.source
        if source is not None and Path(source.path).parent.is_dir():
            return Path(source.path).parent
        return self.session.project.path.parent
