"""The client against a server with TF Serving's own interfaces, and against none."""

import io
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from PIL import Image

from kerascnn.cli import main
from kerascnn.serving import ServingError, connect

SCHEMES = ["http", "grpc"]


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(params=SCHEMES)
def ask(request, served):
    _, backend, urls = served
    backend.busy = backend.asked = 0
    backend.answers.set()
    return lambda name="pets", **options: connect(urls[request.param], name, **options)


def test_it_gives_what_the_model_gives(ask, served, images):
    inputs = images.astype("float32") / 255
    (outputs,) = ask().predict({"image": inputs}).values()
    np.testing.assert_allclose(outputs, served[0].predict(inputs, verbose=0), atol=1e-6)


def test_encoded_pictures_are_decoded_by_the_server(ask, served, images):
    pictures = {"image_bytes": [png(one) for one in images]}
    (outputs,) = ask(version=1).predict(pictures, signature="serving_bytes").values()
    expected = served[0].predict(images.astype("float32") / 255, verbose=0)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_classes_come_the_best_first(ask, served, images):
    found = ask().classify([png(one) for one in images])
    scores = served[0].predict(images.astype("float32") / 255, verbose=0)
    for row, expected in zip(found, scores, strict=True):
        assert [name for name, _ in row] == [
            ("cat", "dog", "bird")[place] for place in np.argsort(-expected)
        ]
        np.testing.assert_allclose([score for _, score in row], np.sort(expected)[::-1], atol=1e-5)


def test_the_state_of_versions_is_known(ask):
    assert ask().status() == {1: "AVAILABLE"}


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [("dragons", None, "dragons"), ("pets", 7, "Servable not found")],
)
def test_what_is_not_served_is_said(ask, name, version, message, images):
    with pytest.raises(ServingError, match=message):
        ask(name, version=version).predict({"image": images.astype("float32")})


def test_what_the_server_refuses_is_said(ask, images):
    with pytest.raises(ServingError, match=r"server refused.*signature name.*nothing"):
        ask().predict({"image": images.astype("float32")}, signature="nothing")


def test_a_busy_server_is_asked_again(ask, served):
    backend = served[1]
    backend.busy = 2
    assert ask().status() == {1: "AVAILABLE"}
    assert backend.asked == 3


def test_a_server_that_stays_busy_is_given_up(ask, served):
    backend = served[1]
    backend.busy = 9
    with pytest.raises(ServingError, match=r"Received: (503 busy|UNAVAILABLE)"):
        ask(retries=1).status()
    assert backend.asked == 2


def test_an_answer_that_does_not_come_is_not_waited_for(ask, served):
    served[1].answers.clear()
    try:
        with pytest.raises(ServingError, match=r"within 0\.3 seconds"):
            ask(retries=0, timeout=0.3).status()
    finally:
        served[1].answers.set()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_where_nobody_listens_the_remedy_is_named(scheme):
    with socket.socket() as taken:  # bound, but never listening
        taken.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ServingError, match="see that it runs"):
            connect(url, "pets", retries=0, timeout=2).status()


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"<html>"])
def test_another_server_is_told_from_tf_serving(body):
    class Other(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ServingError, match=r"must be TF Serving.*model_version_status"):
            connect(f"http://127.0.0.1:{server.server_port}", "pets").status()
        server.shutdown()


@pytest.mark.parametrize("url", ["localhost:8501", "ftp://localhost", "http://", ""])
def test_other_addresses_are_refused(url):
    with pytest.raises(ValueError, match=r"http://host:8501 or grpc://host:8500.*Received"):
        connect(url, "pets")


@pytest.mark.parametrize("options", [{"timeout": 0}, {"retries": -1}])
def test_ill_posed_numbers_are_refused(options):
    with pytest.raises(ValueError, match="timeout must be positive and retries at least 0"):
        connect("http://localhost", "pets", **options)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_command_line_asks(call, served, images, tmp_path, scheme):
    url = served[2][scheme]
    Image.fromarray(images[0]).save(tmp_path / "pet.png")
    np.save(tmp_path / "image.npy", images.astype("float32") / 255)
    assert "AVAILABLE" in call(main, "query", url, "pets")[1]
    code, out, _ = call(main, "query", url, "pets", tmp_path / "pet.png", "--json")
    expected = served[0].predict(images.astype("float32") / 255, verbose=0)
    (scores,) = json.loads(out).values()
    assert code == 0
    np.testing.assert_allclose(
        [scores[name] for name in ("cat", "dog", "bird")], expected[0], atol=1e-5
    )
    _, out, _ = call(main, "query", url, "pets", tmp_path / "image.npy", "--json")
    (values,) = json.loads(out).values()
    np.testing.assert_allclose(values, expected, atol=1e-5)
    code, _, err = call(main, "query", url, "dragons")
    assert code == 1
    assert "dragons" in err
