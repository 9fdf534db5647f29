# SPDX-License-Identifier: Apache-2.0
"""datagrams.py SOCKET COMMAND...: binds a datagram socket, runs the command, and prints what came, one JSON
string a line. The command's output is this one's standard error; its status is ours."""
import json
import socket
import subprocess
import sys

PATH, COMMAND = sys.argv[1], sys.argv[2:]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
    listener.bind(PATH)
    listener.setblocking(False)
    status = subprocess.run(COMMAND, stdout=sys.stderr, check=False).returncode
    try:
        while True:
            print(json.dumps(listener.recv(65536).decode()))
    except BlockingIOError:
        pass
sys.exit(status)
