"""
What the nodes of the distributed mode share: life cycle, errors, switches and diagnostics.

Whatever a transition makes, its opposite takes back: models, publishers and services live from
configure to cleanup, subscriptions from activate to deactivate.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from std_srvs.srv import SetBool

from classroom_fer_ros.core.errors import ClassroomFerError, SourceError
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.profiles import Profile, profile_named
from classroom_fer_ros.core.switches import Switches
from classroom_fer_ros.nodes import parameters, topics
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.diagnostics import to_diagnostics
from classroom_fer_ros.nodes.namespace_guard import require_free, shared_with
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.result_publishers import TOPICS, ResultPublishers
from classroom_fer_ros.nodes.service_desk import Handler, ServiceDesk
from classroom_fer_ros.nodes.work_meter import WorkMeter

#: That somebody else publishes the same is logged this often.
SHARED_LOG_PERIOD_S = 10.0
SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class AnalysisNode(LifecycleNode):
    """
    Base of the nodes. A node fills in the constants and overrides what it needs of `start`,
    `begin`, `end`, `handlers`, `facts`, `reconfigure` and `on_tick`.

    :cvar PARAMETERS: beginnings of the names of its parameters, beside the profile's and the
        diagnostics'
    :cvar LEFT_OUT: beginnings of those among them that it has no use for
    :cvar OUTPUTS: topics of `TOPICS` that it publishes
    :cvar ANALYSES: analyses that can be switched here
    :cvar SOLE_TOPIC: output that nobody else may publish in the namespace; empty for none
    :ivar problem: what is wrong, in plain words; empty while all is well
    """

    NAME = ''
    PARAMETERS: tuple[str, ...] = ()
    LEFT_OUT: tuple[str, ...] = ()
    OUTPUTS: tuple[str, ...] = ()
    ANALYSES: tuple[str, ...] = ()
    SOLE_TOPIC = ''

    def __init__(self, **options: object) -> None:
        self.born_s = time.monotonic()
        super().__init__(self.NAME, **options)
        names = ('profile', 'diagnostics_period_s', *self.PARAMETERS)
        parameters.declare(self, NodeConfig, names, self.LEFT_OUT)
        for text in parameters.unknown_names(self, NodeConfig):
            self.get_logger().warning(text)
        self.problem = ''
        self.meter = WorkMeter()
        self.config: NodeConfig | None = None
        self.profile: Profile | None = None
        self.switches: Switches | None = None
        self.outputs: ResultPublishers | None = None
        self.has_begun = False
        # A transition may come from another thread than the timer.
        self.life_lock = threading.RLock()
        self._undo: list[Callable[[], object]] = []
        self._own_subscriptions: list[Subscription] = []
        self.add_on_set_parameters_callback(self._on_set_parameters)

    # For a node to override

    def start(self) -> None:
        """
        Load models and the like, when configured; `undo_with` takes back what was made.

        :raises ClassroomFerError: if that is impossible, or the profile forbids it
        """

    def begin(self) -> None:
        """Subscribe, when activated."""

    def end(self) -> None:
        """Stop, when deactivated; subscriptions are taken back without it."""

    def output_topics(self) -> tuple[str, ...]:
        """Topics of `TOPICS` that it publishes, of the configured node."""
        return self.OUTPUTS

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        """Services beside the switches, by name."""
        return {}

    def facts(self) -> dict[str, str]:
        """Further values for /diagnostics, models for one."""
        return {}

    def reconfigure(self, config: NodeConfig) -> None:
        """
        Take over live settings that have changed; `config` still holds the ones before.

        :raises ClassroomFerError: if that is impossible; nothing changes then
        """

    def on_tick(self) -> None:
        """Called before diagnostics are published."""

    def on_shared(self, problem: str) -> None:
        """Called before `on_tick` while others publish the node's `SOLE_TOPIC` too."""
        self.get_logger().error(problem, throttle_duration_sec=SHARED_LOG_PERIOD_S)

    @property
    def strain(self) -> str:
        """What is done less because the machine is too slow, in words; empty while it keeps up."""
        return ''

    @property
    def input_words(self) -> str:
        """What the node works on, for /diagnostics."""
        return ''

    @property
    def performance(self) -> Performance | None:
        """How the node keeps up; None while the camera is closed."""
        return self.meter.performance()

    # For a node to use

    @property
    def is_replayed(self) -> bool:
        """Whether a recording sets the clock: what hangs on the time of day is then left out."""
        return bool(self.get_parameter('use_sim_time').value)

    def now_ns(self) -> int:
        """Time of the node's clock, nanoseconds since the epoch; that of a recording on replay."""
        return self.get_clock().now().nanoseconds

    @property
    def analysis(self) -> PipelineConfig:
        """
        Settings of the analysis.

        :raises SourceError: if the node is not configured
        """
        if self.config is None:
            raise SourceError('the node is not configured: configure and activate it first')
        return self.config.analysis

    def undo_with(self, undo: Callable[[], object]) -> None:
        """Note how to take back what was made; done at cleanup, last made first."""
        self._undo.append(undo)

    def subscribe(
        self, kind: type, name: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> Subscription:
        """Subscribe until the node is deactivated."""
        subscription = self.create_subscription(kind, name, callback, qos)
        self._own_subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Give one subscription back early."""
        self._own_subscriptions.remove(subscription)
        self.destroy_subscription(subscription)

    def unsubscribe_all(self) -> None:
        """Give every subscription of the node back, early."""
        while self._own_subscriptions:
            self.destroy_subscription(self._own_subscriptions.pop())

    def is_on(self, analysis: str) -> bool:
        """Whether an analysis is switched on."""
        return self.switches is not None and analysis in self.switches

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        if not self._try('configure', self._set_up):
            self.release()
            return FAILURE
        self.get_logger().info(f'profile: {self.profile.name}')
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = super().on_activate(state)  # publishers first: an inactive one drops silently
        self.has_begun = True
        if not self._try('activate', self.begin):
            self._quiet()
            super().on_deactivate(state)
            return FAILURE
        # Modules and models stay: looking through all of them for garbage would hold a picture
        # up by tens of milliseconds now and then.
        gc.collect()
        gc.freeze()
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._quiet()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return SUCCESS

    def _try(self, transition: str, action: Callable[[], None]) -> bool:
        """Do what a transition does; rclpy would swallow its errors."""
        self.problem = ''
        try:
            action()
        except Exception as error:  # a mistake of ours has to be seen as well
            is_known = isinstance(error, ClassroomFerError)
            self.problem = str(error) if is_known else f'{type(error).__name__}: {error}'
            self.get_logger().error(f'cannot {transition}: {self.problem}')
            return False
        return True

    def _set_up(self) -> None:
        self.config = parameters.read(self, NodeConfig)
        self.profile = profile_named(self.config.analysis.profile)
        self.switches = Switches(self.profile, self.ANALYSES)
        self.start()
        if self.SOLE_TOPIC:  # last, so that the others are discovered while models load
            require_free(self, self.SOLE_TOPIC, self.born_s)
        self.outputs = ResultPublishers(self, tuple(set(TOPICS) - set(self.output_topics())))
        self.undo_with(self.outputs.destroy)
        status_pub = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, topics.RESULTS_QOS)
        self.undo_with(partial(self.destroy_publisher, status_pub))
        timer = self.create_timer(
            self.config.diagnostics_period_s, partial(self._on_timer, status_pub)
        )
        self.undo_with(partial(self.destroy_timer, timer))
        switches = {
            topics.ENABLE.format(analysis=analysis): (SetBool, partial(self._enable, analysis))
            for analysis in self.ANALYSES
        }
        self.undo_with(ServiceDesk(self, {**switches, **self.handlers()}).destroy)

    def _quiet(self) -> None:
        self.unsubscribe_all()
        if self.has_begun:
            self.has_begun = False
            self.end()
            gc.unfreeze()
        self.meter.clear()

    def release(self) -> None:
        """Take everything back, in whatever state the node is."""
        with self.life_lock:
            self._quiet()
            while self._undo:
                self._undo.pop()()
            self.outputs = self.switches = None

    # Callbacks

    def _enable(self, analysis: str, request: SetBool.Request, response: object) -> str:
        self.switches.set_enabled(analysis, request.data)
        return f'{analysis} is {"on" if request.data else "off"}'

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        """Checked as a whole, and swapped at once."""
        try:
            config = parameters.read(
                self, NodeConfig, {change.name: change.value for change in changes}
            )
            if self.outputs is not None:
                self.reconfigure(config)
                self.config = config
        except ClassroomFerError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _on_timer(self, status_pub: Any) -> None:
        with self.life_lock:
            if self.outputs is not None:
                if self.SOLE_TOPIC and (problem := shared_with(self, self.SOLE_TOPIC)):
                    self.on_shared(problem)
                self.on_tick()
                self._publish_status(status_pub)

    def _publish_status(self, status_pub: Any) -> None:
        facts = {'profile': self.profile.name}
        if self.ANALYSES:
            facts['analyses'] = ', '.join(sorted(self.switches.enabled))
        status_pub.publish(
            to_diagnostics(
                self.get_fully_qualified_name().lstrip('/'),
                to_header(self.now_ns(), ''),
                self.input_words,
                self.problem,
                self.performance,
                facts | self.facts(),
                self.strain,
            )
        )
