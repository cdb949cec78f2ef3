"""
Everything that delivers pictures without ROS: camera, film, pictures, address, simulation.

`open_source` turns what a user typed into a `Source`; whoever reads it need not know which kind.
"""

from classroom_fer_ros.core.sources.base import Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.factory import open_source
from classroom_fer_ros.core.sources.kind import SourceKind, kind_of, topic_name

__all__ = ['Source', 'SourceConfig', 'SourceKind', 'kind_of', 'open_source', 'topic_name']
