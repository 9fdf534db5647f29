#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cri.py SOCKET IMAGE HANDLER COMMAND...: a pod of one container by containerd's CRI, with the runtime of that name.

Prints what the container printed, and exits as it did. The pod has the host's network, so no network plugin is needed.
There is no client of the CRI in Debian: the few messages are written by hand (runtime.v1, api.proto of the
Kubernetes project), a request is one POST of HTTP/2, which curl(1) speaks to a socket.
"""
import subprocess
import sys
import tempfile
import time

NODE = 2      # NamespaceMode
EXITED = 2    # ContainerState


def varint(number):
    out = b""
    while number > 0x7f:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def encode(fields):
    """(number, value) pairs: an int, a text, or a list of pairs for a message."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else encode(value)
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at


def decode(data):
    """{number: value}: an int, or bytes."""
    fields, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        fields[key >> 3] = value
    return fields


class Runtime:
    def __init__(self, socket, folder):
        self.socket, self.folder = socket, folder

    def call(self, method, fields):
        message = encode(fields)
        answer = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "50", "--http2-prior-knowledge",
             "--unix-socket", self.socket, "--header", "content-type: application/grpc",
             "--header", "te: trailers", "--dump-header", self.folder + "/headers",
             "--data-binary", "@-", "http://localhost/runtime.v1.RuntimeService/" + method],
            input=b"\0" + len(message).to_bytes(4, "big") + message, stdout=subprocess.PIPE,
            check=False).stdout
        with open(self.folder + "/headers") as file:
            headers = dict(line.strip().split(":", 1) for line in file if ":" in line)
        # curl's own status is none: a server that refuses may close the stream before it has read all.
        if headers.get("grpc-status", "").strip() != "0":
            sys.exit(f"{method}: {headers.get('grpc-message', 'no answer')}")
        return decode(answer[5:])


def run(runtime, folder, image, handler, command):
    network = [(1, NODE)]    # NamespaceOption, of LinuxSandboxSecurityContext, of LinuxPodSandboxConfig
    pod = [(1, [(1, "pod"), (2, "uid-of-pod"), (3, "default")]), (3, folder), (8, [(2, [(1, network)])])]
    pod_id = runtime.call("RunPodSandbox", [(1, pod), (2, handler)])[1].decode()
    try:
        config = [(1, [(1, "one")]), (2, [(1, image)])] + [(3, word) for word in command] + \
            [(11, "log")]
        container = runtime.call("CreateContainer", [(1, pod_id), (2, config), (3, pod)])[1].decode()
        runtime.call("StartContainer", [(1, container)])
        deadline = time.monotonic() + 40
        while True:
            status = decode(runtime.call("ContainerStatus", [(1, container)])[1])
            if status.get(3) == EXITED:
                return status.get(7, 0)
            if time.monotonic() > deadline:
                sys.exit("the container does not end")
            time.sleep(0.05)
    finally:
        runtime.call("StopPodSandbox", [(1, pod_id)])
        runtime.call("RemovePodSandbox", [(1, pod_id)])


def main():
    socket, image, handler = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as folder:
        code = run(Runtime(socket, folder), folder, image, handler, sys.argv[4:])
        with open(folder + "/log") as file:
            for line in file:
                print(line.rstrip("\n").split(" ", 3)[3])
    sys.exit(code)


main()
