# classroom_fer_ros on ROS 2 Jazzy: dependencies by rosdep, the rest in a venv that sees them.
# Not run yet. `docker build -t classroom_fer_ros .`, then for example
#   docker run --rm -it --device /dev/video0 classroom_fer_ros \
#     ros2 launch classroom_fer_ros classroom.launch.py source:=0
FROM ros:jazzy

SHELL ["/bin/bash", "-c"]
ENV ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST \
    OPENBLAS_NUM_THREADS=1 \
    WS=/ws
WORKDIR $WS

# The manifests alone, so that a change of the code installs nothing anew.
COPY package.xml src/classroom_fer_ros/package.xml
COPY classroom_fer_msgs/package.xml src/classroom_fer_ros/classroom_fer_msgs/package.xml
RUN apt-get update \
    && rosdep update --rosdistro jazzy \
    && rosdep install -y --rosdistro jazzy --ignore-src \
        --from-paths src/classroom_fer_ros src/classroom_fer_ros/classroom_fer_msgs \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*

# What apt lacks (PEP 668 wants a venv), and colcon in it, so that nodes run on the venv's Python.
COPY requirements src/classroom_fer_ros/requirements
RUN python3 -m venv --system-site-packages venv \
    && cd src/classroom_fer_ros/requirements \
    && $WS/venv/bin/pip install --no-cache-dir -r runtime.txt -r build.txt -r test.txt \
    && $WS/venv/bin/pip install --no-cache-dir --no-deps -r assets.txt
ENV PATH=$WS/venv/bin:$PATH

COPY . src/classroom_fer_ros
RUN source /opt/ros/jazzy/setup.bash \
    && python -m colcon build --base-paths src src/classroom_fer_ros/classroom_fer_msgs \
        --cmake-args -DBUILD_TESTING=OFF -DPython3_EXECUTABLE=$WS/venv/bin/python

# The launch tests run here, as launch is installed.
RUN source install/setup.bash \
    && cd src/classroom_fer_ros \
    && python -m pytest --ignore test/training

RUN printf '#!/bin/bash\nsource %s/install/setup.bash\nexec "$@"\n' "$WS" > /entrypoint.sh \
    && chmod +x /entrypoint.sh
# launch leaves its nodes running on SIGTERM.
STOPSIGNAL SIGINT
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "classroom_fer_ros", "classroom.launch.py"]
