"""Build of the ROS 2 package (ament_python)."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'classroom_fer_ros'
SHARE = f'share/{PACKAGE}'
#: The fused node, those of the distributed mode, and the one of a room of several cameras.
NODES = (
    'pipeline_node',
    'camera_node',
    'face_node',
    'expression_node',
    'fatigue_node',
    'head_pose_node',
    'alert_node',
    'overlay_node',
    'dataset_node',
    'room_node',
)


#: What a person types with `ros2 run`.
COMMANDS = (
    *('run', 'doctor', 'monitor', 'report'),
    *('record', 'repair_bag', 'replay', 'regress'),
    *('enroll', 'people', 'analyze', 'evaluate', 'simulate', 'label', 'models', 'fetch_models'),
)


def files_in(folder: str, *patterns: str) -> list[str]:
    """Files of a folder of the checkout, as setuptools wants them: relative paths."""
    return sorted(str(path) for pattern in patterns for path in Path(folder).glob(pattern))


setup(
    name=PACKAGE,
    version='0.1.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml', 'plugin.xml']),
        (f'{SHARE}/config', files_in('config', '*.yaml', '*.xml')),
        (f'{SHARE}/config/texts', files_in('config/texts', '*.yaml')),
        (f'{SHARE}/launch', files_in('launch', '*.launch.py')),
        (f'{SHARE}/rviz', files_in('rviz', '*.rviz')),
        (f'{SHARE}/models', files_in('models', '*.json', '*.onnx', '*.yaml')),
    ],
    # numpy and OpenCV come from apt on a robot and from wheels elsewhere: package.xml names them.
    install_requires=['setuptools'],
    zip_safe=False,
    maintainer='The classroom_fer_ros maintainers',
    maintainer_email='maintainers@classroom-fer-ros.invalid',
    description='Watches a classroom: faces, expressions, fatigue, head poses and alerts.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            *(f'{node} = {PACKAGE}.nodes.{node}:main' for node in NODES),
            *(f'{name} = {PACKAGE}.{name}:main' for name in COMMANDS),
        ],
    },
)
