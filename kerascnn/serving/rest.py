"""TF Serving's REST interface."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from kerascnn.serving.client import Client, ServingError, ranked

_BUSY = (429, 502, 503, 504)


class RESTClient(Client):
    """Asks by JSON over HTTP. See `Client`."""

    def __init__(self, address: str, model: str, **options: Any) -> None:
        super().__init__(address, model, **options)
        version = "" if self.version is None else f"/versions/{self.version}"
        self.url = f"{address}/v1/models/{model}{version}"
        # A prediction changes nothing, so that it may be asked for again.
        retry = Retry(
            self.retries,
            backoff_factor=0.1,
            status_forcelist=_BUSY,
            allowed_methods=None,
            raise_on_status=False,
        )
        self.session = requests.Session()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=retry))

    def predict(
        self, inputs: Mapping[str, Any], *, signature: str = "serving_default"
    ) -> dict[str, np.ndarray]:
        """Run the model; see `Client.predict`."""
        body = {"signature_name": signature, "inputs": {k: _plain(v) for k, v in inputs.items()}}
        outputs = self._ask("outputs", "post", f"{self.url}:predict", json=body)
        if not isinstance(outputs, dict):  # of a single one, the server leaves out the name
            outputs = {"output": outputs}
        return {name: np.asarray(values) for name, values in outputs.items()}

    def classify(self, pictures: list[bytes]) -> list[list[tuple[str, float]]]:
        """Classify encoded pictures; see `Client.classify`."""
        examples = [{"image_bytes": _encoded(one)} for one in pictures]
        body = {"signature_name": "classify", "examples": examples}
        results = self._ask("results", "post", f"{self.url}:classify", json=body)
        return [ranked([(name, float(score)) for name, score in one]) for one in results]

    def status(self) -> dict[int, str]:
        """Give the state of each version; see `Client.status`."""
        versions = self._ask("model_version_status", "get", self.url)
        return {int(one["version"]): one["state"] for one in versions}

    def _ask(self, key: str, method: str, url: str, **options: Any) -> Any:
        try:
            answer = self.session.request(method, url, timeout=self.timeout, **options)
        except requests.RequestException as error:
            raise ServingError(
                f"The server must answer within {self.timeout} seconds; see that it runs and that "
                f"its REST port is the one named. Received: {type(error).__name__} from {url}"
            ) from error
        try:
            content = dict(answer.json())
        except (TypeError, ValueError):
            content = {}
        if not answer.ok or "error" in content:
            said = content.get("error", answer.reason)
            raise ServingError(
                f"The server refused. Received: {answer.status_code} {said} from {url}"
            )
        if key not in content:
            raise ServingError(
                f"The server must be TF Serving, which answers with {key!r}. "
                f"Received: {answer.text[:80]!r} from {url}"
            )
        return content[key]


def _plain(values: Any) -> Any:
    """Give numbers as lists, and bytes in base 64."""
    if isinstance(values, bytes):
        return _encoded(values)
    if isinstance(values, list) and values and isinstance(values[0], bytes):
        return [_encoded(one) for one in values]
    return np.asarray(values).tolist()


def _encoded(content: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(content).decode()}
