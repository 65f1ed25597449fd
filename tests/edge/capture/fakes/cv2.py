"""What is used of OpenCV: a video file says how many pictures it has, camera 0 has no end."""

from pathlib import Path

import numpy as np

CAP_PROP_BUFFERSIZE = 38
captures = []


class VideoCapture:
    def __init__(self, source):
        self.length = self.decoded = 0
        if source == 0:
            self.length = float("inf")
        elif isinstance(source, str) and Path(source).read_text().isdecimal():
            self.length = int(Path(source).read_text())
        self.opened, self.number, self.settings = self.length > 0, -1, {}
        captures.append(self)

    def isOpened(self):
        return self.opened

    def set(self, setting, value):
        self.settings[setting] = value
        return True

    def grab(self):
        if not self.opened or self.number + 1 >= self.length:
            return False
        self.number += 1
        return True

    def retrieve(self):
        self.decoded += 1
        blue_green_red = (30, 20, self.number % 256)
        return True, np.full((4, 6, 3), blue_green_red, np.uint8)

    def release(self):
        self.opened = False
