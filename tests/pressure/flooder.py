# SPDX-License-Identifier: Apache-2.0
"""An ordinary user who calls stafd: flooder.py ADDRESS UID HOW CONNECTIONS CALLS METHOD

HOW: unread  from each connection so many calls, and no answer is read
     silent  the same with calls that want no answer, and one that does at the end
     greedy  so many calls from each connection, and one more at once for each answer, for ever
     reads   so many calls, one after the other; ends with 0 when none was answered with an error
Except with the last, says "flooded" and the names of its connections when all is sent, and holds them until it is ended.
"""
import os
import signal
import sys
import threading

from raw_bus import NO_REPLY_EXPECTED, Client


def become(uid):
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def greedy(client, what, calls):
    client.send(*what, args=(True,), times=calls)
    while True:
        client.answer(limit=None)
        client.send(*what, args=(True,))


def main():
    address, uid, how, connections, calls, method = sys.argv[1:]
    become(int(uid))
    what = ("org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf", method)
    clients = [Client(address) for _ in range(int(connections))]
    for client in clients:
        if how == "greedy":
            threading.Thread(target=greedy, args=(client, what, int(calls)), daemon=True).start()
        elif how == "silent":
            client.send(*what, args=(True,), flags=NO_REPLY_EXPECTED, times=int(calls))
            client.answer(client.send(*what, args=(False,)), limit=120)
        elif how == "unread":
            client.send(*what, args=(True,), times=int(calls))
        else:
            answers = [client.answer(client.send(*what, args=(True,))) for _ in range(int(calls))]
            sys.exit(any(error for error, _, _ in answers))
    print("flooded", *(client.name for client in clients), flush=True)
    signal.pause()


main()
