"""The pictures of any source, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from os import PathLike
from pathlib import Path

from .camera import read_camera
from .opencv import read_video
from .pictures import folder_source, picture_source
from .reading import Frame, Source

_VIDEOS = {".avi", ".h264", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpg", ".webm"}


def frames(
    source: str | PathLike[str] | int, *, every: int = 1, limit: int | None = None
) -> Iterator[Frame]:
    """Give the pictures of a source, for the task functions.

    Pictures, folders and animations need Pillow; videos OpenCV; cameras picamera2 or OpenCV.

    Args:
        source: The path of a picture, an animation, a folder of pictures or a video; `"camera"`, or
            the index of a camera as a number or its digits.
        every: Take the first of so many pictures, at least 1.
        limit: Most pictures to take, at least 1; all when None. Cameras have no last one.

    Returns:
        An iterator; closing it, or using it up, frees the camera.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If a library is missing; the message says what to install.
        ValueError: If a picture, a number or the source isn't as above.

    Example:
        >>> for frame in frames("camera", every=10):
        ...     print(classify(model, frame.pixels)[0])
    """
    if every < 1 or (limit is not None and limit < 1):
        raise ValueError(
            f"every and limit must be at least 1. Received: every={every}, limit={limit}"
        )
    return take(find_source(source), every, limit)


def find_source(source: str | PathLike[str] | int) -> Source:
    """Tell what kind of source it is; cameras and videos aren't opened yet.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no pictures.
    """
    word = str(source)
    if not isinstance(source, PathLike) and (word == "camera" or word.isdecimal()):
        return Source("camera", partial(read_camera, 0 if word == "camera" else int(word)))
    path = Path(word)
    if path.is_dir():
        return folder_source(path)
    if not path.exists():
        raise FileNotFoundError(
            f"A source is camera, the number of one, a file or a folder. Received: {word}"
        )
    if path.suffix.lower() in _VIDEOS:
        return Source("video", partial(read_video, path))
    return picture_source(path)


def take(source: Source, every: int, limit: int | None) -> Iterator[Frame]:
    """Give the first of every so many pictures of a source, at most `limit` of them."""
    taken = 0
    with closing(source.read()) as reader:
        for number, (name, decode) in enumerate(reader):
            if number % every:
                continue
            yield Frame(decode(), name)
            taken += 1
            if taken == limit:
                return
