"""What is used of picamera2: one camera, before which something red stands."""

import numpy as np

# libcamera's names read a pixel as a number, whose lowest byte comes first in memory.
RED = {"BGR888": (255, 0, 0), "RGB888": (0, 0, 255)}
cameras = []


class Picamera2:
    def __init__(self, camera_num=0):
        if camera_num > 0:
            raise IndexError("list index out of range")
        self.state, self.main, self.taken = "open", None, 0
        cameras.append(self)

    def create_video_configuration(self, main):
        return {"main": {"size": (1280, 720), "format": "XBGR8888", **main}}

    def configure(self, configuration):
        self.main = configuration["main"]

    def start(self):
        if self.main is None:
            raise RuntimeError("not configured")
        self.state = "started"

    def capture_array(self, name="main"):
        if self.state != "started" or name != "main":
            raise RuntimeError(f"no {name} while {self.state}")
        self.taken += 1
        width, height = self.main["size"]
        return np.full((height, width, 3), RED[self.main["format"]], np.uint8)

    def close(self):
        self.state = "closed"
