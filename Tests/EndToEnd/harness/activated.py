"""What systemd does between fork and exec of a service with sockets: `activated.py NAME=FD,NAME=FD,… COMMAND…`.

The descriptors become 3, 4, …; LISTEN_PID is the process that COMMAND becomes.
"""

import fcntl
import os
import sys


def main():
    sockets = [entry.rpartition("=") for entry in sys.argv[1].split(",") if entry]
    copies = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for _, _, number in sockets]
    for target, copy in enumerate(copies, 3):
        os.dup2(copy, target, inheritable=True)
        os.close(copy)
    os.closerange(3 + len(copies), 100)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(copies)),
                   "LISTEN_FDNAMES": ":".join(name for name, _, _ in sockets)}
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
