"""Every control, clicked against a live pipeline over DDS, and what came of it."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('ai_edge_litert', reason='the pipeline needs it: run `make setup`')

from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from classroom_fer_ros.core.results import AlertStatus
from classroom_fer_ros.core.switches import ANALYSES
from classroom_fer_ros.nodes.pipeline_node import PipelineNode
from classroom_fer_ros.rqt.control_panel import UNITS
from classroom_fer_ros.rqt.facts import THRESHOLDS
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.monitor_widget import MonitorWidget
from classroom_fer_ros.rqt.people_dialogs import PeopleDialog
from classroom_fer_ros.rqt.qt import BINDING, Qt
from classroom_fer_ros.rqt.ros_link import RosLink

QTest = importlib.import_module(f'{BINDING}.QtTest').QTest
NAMESPACE = '/classroom/window'
STUDENTS = 3
SETTINGS = {
    'source': 'simulated',
    'camera.students': STUDENTS,
    'camera.width': 480,
    'camera.height': 270,
    'camera.fps': 6.0,
    'diagnostics_period_s': 0.3,
    'enroll_s': 1.0,
}
Until = Callable[..., None]


@dataclass
class Live:
    """A running system and a window on it."""

    node: PipelineNode
    link: RosLink
    model: MonitorModel
    widget: MonitorWidget


@pytest.fixture(scope='module')
def live(
    ros_module: None, application: Any, until: Until, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp('kept')
    kept = {'gallery_path': str(folder / 'people.sqlite'), 'capture.folder': str(folder)}
    values = {**SETTINGS, **kept}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    node = PipelineNode(namespace=NAMESPACE, parameter_overrides=overrides)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    node.trigger_configure()
    node.trigger_activate()
    link = RosLink(NAMESPACE)
    model = MonitorModel(link)
    widget = MonitorWidget(model, 'en')
    widget.resize(1366, 768)
    widget.show()
    link.begin()
    until(lambda: len(model.students) == STUDENTS and model.system.value('source'))
    yield Live(node, link, model, widget)
    widget.close()
    link.end()
    node.trigger_shutdown()
    executor.shutdown()
    thread.join(20.0)
    node.destroy_node()


def test_pictures_and_students_are_shown(live: Live, until: Until) -> None:
    until(lambda: live.model.result_picture is not None and live.model.shown_faces)
    assert live.model.picture.image.width() == 480
    assert live.widget.students.model().rowCount() == STUDENTS
    until(lambda: not live.widget.pictures.banner.isVisible() or live.model.troubles)
    assert {one.face_id for one in live.model.students} == {
        one.face_id for one in live.model.faces
    }


@pytest.mark.parametrize('analysis', ANALYSES)
def test_a_switch_acts_and_shows_what_is_so(live: Live, until: Until, analysis: str) -> None:
    switch = live.widget.controls.switches[analysis]
    until(lambda: switch.isEnabled() and switch.isChecked())
    switch.click()
    until(lambda: not live.node.is_on(analysis))
    until(lambda: not live.model.system.is_on(analysis))
    assert not switch.isChecked()
    live.node.switches.set_enabled(analysis, True)  # elsewhere
    until(switch.isChecked)


def test_capture_is_switched_by_its_parameter(live: Live, until: Until) -> None:
    switch = live.widget.controls.switches['capture']
    until(switch.isEnabled)
    assert not switch.isChecked()
    switch.click()
    until(lambda: live.node.get_parameter('capture.is_enabled').value)
    live.node.set_parameters([Parameter('capture.is_enabled', value=False)])  # elsewhere
    until(lambda: not switch.isChecked())


@pytest.mark.parametrize('name', THRESHOLDS)
def test_a_threshold_acts_and_shows_what_is_so(live: Live, until: Until, name: str) -> None:
    box, unit = live.widget.controls.thresholds[name], UNITS[name]
    until(box.isEnabled)
    before = live.node.get_parameter(name).value
    box.setValue(box.value() + unit.step)
    box.editingFinished.emit()
    wanted = before + unit.step / unit.scale
    until(lambda: live.node.get_parameter(name).value == pytest.approx(wanted))
    live.node.set_parameters([Parameter(name, value=before)])  # elsewhere
    until(lambda: box.value() == pytest.approx(before * unit.scale))


def test_a_source_that_cannot_be_opened_is_refused_in_words(live: Live, until: Until) -> None:
    controls = live.widget.controls
    controls.source.lineEdit().selectAll()
    QTest.keyClicks(controls.source.lineEdit(), '/no/such/film.mp4')
    controls.refresh()  # what is typed stays
    assert controls.source.currentText() == '/no/such/film.mp4'
    controls.open.click()
    until(lambda: '/no/such/film.mp4' in live.widget.pictures.message.text())
    until(lambda: controls.source.currentText() == live.model.system.source == 'simulated')
    assert live.node.is_camera_open


def test_closing_returns_to_the_initial_view_and_opening_to_the_pictures(
    live: Live, until: Until
) -> None:
    live.widget.controls.source.setEditText('')
    live.widget.controls.close_camera.click()
    until(lambda: not live.node.is_camera_open)
    until(lambda: live.model.picture is None and not live.model.students)
    until(lambda: [one.key for one in live.model.troubles] == ['closed'])
    assert 'closed' in live.widget.pictures.banner.text()
    live.widget.controls.open.click()
    until(lambda: live.node.is_camera_open)
    until(lambda: len(live.model.students) == STUDENTS)


def test_an_alert_is_listed_filtered_and_acknowledged(
    live: Live, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One about the camera comes at any speed of this machine."""
    monkeypatch.setattr(live.node, 'camera_problem', lambda: 'unplugged')
    panel = live.widget.alerts

    def kinds() -> list[str]:
        return [one.kind.value for one in panel.shown]

    until(lambda: 'camera' in kinds())
    panel.filter.setCurrentIndex(panel.filter.findData('filter_people'))
    assert 'camera' not in kinds()
    panel.filter.setCurrentIndex(panel.filter.findData('filter_warning'))
    panel.list.setCurrentIndex(panel.list.model().index(kinds().index('camera')))
    panel.acknowledge.click()

    def status() -> AlertStatus:
        active = live.node.pipeline.active_alerts
        return next(one.status for one in active if one.kind.value == 'camera')

    until(lambda: status() is AlertStatus.ACKNOWLEDGED)
    until(lambda: not panel.acknowledge.isEnabled())
    monkeypatch.undo()
    panel.filter.setCurrentIndex(panel.filter.findData('filter_standing'))
    until(lambda: 'camera' not in kinds())


def test_a_click_selects_a_face_and_arrows_go_on(live: Live, until: Until) -> None:
    view = live.widget.pictures.result
    until(lambda: len(live.model.shown_faces) == STUDENTS)
    face, area = live.model.shown_faces[1], view.area
    left, top, right, bottom = face.box_xyxy
    place = area.topLeft()
    place.setX(area.left() + (left + right) / 2 * area.width())
    place.setY(area.top() + (top + bottom) / 2 * area.height())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert live.model.selected == face.face_id
    chosen = live.widget.students.currentIndex()
    assert live.widget.students.model().things[chosen.row()].face_id == face.face_id
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert live.model.selected not in ('', face.face_id)


def test_enrolling_listing_and_forgetting(
    live: Live, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: len(live.model.shown_faces) == STUDENTS)
    live.model.select(live.model.shown_faces[0].face_id)
    live.widget.enrol.click()
    dialog = live.widget.dialog
    assert not dialog.enrol.isEnabled()
    dialog.name.setText('小明')
    until(dialog.enrol.isEnabled)
    dialog.enrol.click()
    assert not dialog.enrol.isEnabled()
    gallery = live.node.pipeline.gallery
    until(lambda: [person.name for person in gallery.people()] == ['小明'])
    until(dialog.enrol.isEnabled)
    assert dialog.views.count()
    assert dialog.message.text()
    dialog.close()
    live.widget.window_panel.people.click()
    people = live.widget.dialog
    assert isinstance(people, PeopleDialog)
    until(lambda: people.list.count() == 1)
    people.list.setCurrentRow(0)
    monkeypatch.setattr(PeopleDialog, 'confirm', lambda self, name: name == '小明')
    people.forget.click()
    until(lambda: not gallery.people())
    until(lambda: people.list.count() == 0)
    people.close()


@pytest.mark.parametrize('view', ['original', 'both', 'result'])
def test_views(live: Live, view: str) -> None:
    live.widget.pictures.buttons[view].click()
    assert live.widget.pictures.original.isVisible() == (view != 'result')
    assert live.widget.pictures.result.isVisible() == (view != 'original')


def test_everything_that_is_chosen_is_found_again(live: Live) -> None:
    widget = live.widget
    widget.window_panel.language_chosen.emit('zh')
    widget.window_panel.theme_chosen.emit('dark')
    widget.window_panel.popups.click()
    widget.plot.view.setCurrentIndex(1)
    assert widget.toasts.is_muted
    assert '学生' in widget.students_title.text()
    other = MonitorWidget(live.model, 'en')
    other.restore(widget.state())
    assert other.state() == widget.state()
    other.deleteLater()
    widget.restore({'language': 'en', 'theme': 'light', 'popups': '1', 'plot': 'shares'})
    assert 'Students' in widget.students_title.text()


def test_keys_reach_every_control(live: Live) -> None:
    controls = [
        *(live.widget.controls.open, live.widget.controls.source, live.widget.enrol),
        *live.widget.controls.switches.values(),
        *live.widget.controls.thresholds.values(),
        *(live.widget.pictures.result, live.widget.students, live.widget.alerts.list),
        *live.widget.pictures.buttons.values(),
    ]
    for control in controls:
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control


def test_the_window_is_drawn(live: Live, tmp_path: Path) -> None:
    picture = live.widget.grab().toImage()
    colors = {
        picture.pixel(x, y)
        for x in range(0, picture.width(), 20)
        for y in range(0, picture.height(), 20)
    }
    assert len(colors) > 30
