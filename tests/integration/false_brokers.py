# SPDX-License-Identifier: Apache-2.0
"""Brokers that misbehave, and a bad line to a good one."""

import socket
import threading

LOOPBACK = "127.0.0.1"


class Listener:
    """Hands each connection to take(), on threads of its own, until it is closed."""

    def __init__(self):
        self.sockets = []
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(connection)
            self.take(connection)

    def cut(self):
        """Ends all connections, with whatever is on the way."""
        while self.sockets:
            end(self.sockets.pop())

    def close(self):
        if self.listener:
            end(self.listener)
            self.thread.join()
            self.cut()
        self.listener = None


class FalseBroker(Listener):
    """Says `answer` to each who connects, and nothing more."""

    def __init__(self, answer=b""):
        self.answer = answer
        super().__init__()

    def take(self, connection):
        threading.Thread(target=self.speak, args=(connection,)).start()

    def speak(self, connection):
        try:
            connection.recv(1)  # a broker answers; nothing is said before the station's first word
            connection.sendall(self.answer)
        except OSError:
            pass


class Line(Listener):
    """Passes everything on between a station and a broker, as long as it is `whole`."""

    def __init__(self, port):
        self.broker_port, self.whole = port, True
        self.deaf = False  # nothing but its first answer comes back from the broker
        super().__init__()

    def take(self, connection):
        if not self.whole:
            end(connection)
            return
        broker = socket.create_connection((LOOPBACK, self.broker_port))
        self.sockets.append(broker)
        threading.Thread(target=self.carry, args=(connection, broker, False)).start()
        threading.Thread(target=self.carry, args=(broker, connection, self.deaf)).start()

    def carry(self, source, target, once):
        try:
            data = source.recv(65536)
            target.sendall(data)
            while data:
                data = source.recv(65536)
                if not once:
                    target.sendall(data)
        except OSError:
            pass
        end(source)
        end(target)


def end(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
