"""Ending a node's process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
#: Publishes from a thread all the time, and once more while it closes, which takes a while.
NODE = """
import threading, time
import rclpy
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Header
from classroom_fer_ros.nodes.serving import serve_until_signal

rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
node = rclpy.create_node('served')
publisher = node.create_publisher(Header, 'words', 1)
is_over = threading.Event()
def work():
    while not is_over.wait(0.001):
        publisher.publish(Header())
thread = threading.Thread(target=work)
thread.start()
threading.Timer(0.3, lambda: print('ready', flush=True)).start()
serve_until_signal(node)
print('closing', flush=True)
time.sleep(0.5)
is_over.set()
thread.join()
publisher.publish(Header())
node.destroy_node()
rclpy.try_shutdown()
print('closed', flush=True)
"""


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_node_closes_in_order_however_often_it_is_told(number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, '-c', NODE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout.readline() == 'ready\n', process.stderr.read()
        process.send_signal(number)
        assert process.stdout.readline() == 'closing\n'
        process.send_signal(number)
        printed, complaints = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (printed, complaints, process.returncode) == ('closed\n', '', 0)
