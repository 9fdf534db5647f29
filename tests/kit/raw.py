#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program through berth-init in raw mode, and holds berth-init to what the protocol promises.

    raw.py --init BERTH_INIT [OPTION]... [--] PROGRAM [ARGUMENT]...

Where the program was started: the answer is one line and the end of the stream, berth-init's status is
0, the program is a child of this process, and nobody else is. The exit status is the program's, or
128 + n. Where berth-init refused: it said why in one line, wrote nothing to the stream, its status is 1
to 125, and no process was left running; that line is on stderr then, and the exit status is 99.
98: a promise was broken, and stderr says which.
"""
import raw_mode  # all is there: Python keeps the bytecode of a module, and not that of a script

raw_mode.main()
