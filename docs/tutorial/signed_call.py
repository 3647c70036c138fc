"""One signed call to the door for record batches: METHOD PATH [BODY | @FILE]. The answer is printed."""

import hashlib
import hmac
import json
import os
import sys
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

DOOR = os.environ["DOOR"]
COMPANY_KEY = json.loads(Path("studio.json").read_text())["api_key"]
REGION = "us-west-2"  # Which one does not matter here, as long as it is the same in both places.


def call(method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    """The status and the text of the door's answer."""
    url, session = urlsplit(DOOR + path), json.loads(Path("session.json").read_text())
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {
        "host": url.netloc,
        "x-amz-date": at,
        "x-amz-security-token": session["sessionToken"],
        "x-api-key": COMPANY_KEY,
    }
    # 1. What is signed: the request, line by line. Parameters and headers stand in the order of their names.
    names = ";".join(headers)
    lines = [method, url.path, "&".join(sorted(url.query.split("&")))]
    lines += [*(f"{name}:{value}" for name, value in headers.items()), "", names, hashlib.sha256(body).hexdigest()]
    scope = f"{at[:8]}/{REGION}/execute-api/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    # 2. What it is signed with: a key for this day, region and service, made from the temporary secret key.
    key = f"AWS4{session['secretKey']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    # 3. The signature goes along in a header of its own.
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    credential = f"Credential={session['accessKey']}/{scope}"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    headers["Content-Type"] = "application/json"
    connection = HTTPConnection(url.netloc)
    connection.request(method, f"{url.path}?{url.query}".rstrip("?"), body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


if __name__ == "__main__":
    method, path, given = [*sys.argv[1:], ""][:3]
    status, text = call(method, path, Path(given[1:]).read_bytes() if given.startswith("@") else given.encode())
    print(text if status < HTTPStatus.BAD_REQUEST else f"{status} {text}")
