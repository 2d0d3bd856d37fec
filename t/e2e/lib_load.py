"""Load: clients that ask as fast as they are answered, each over a connection of its own, one
request at a time or several in one write, and that remember every reply they read.

Each request has an `instance` of its own. When the connection ends they make a new one, so the
daemon may be killed and restarted meanwhile.
"""

import random
import threading
import time

from lib_policyd import DENIED, Client, Closed, block

BURSTS = (1, 1, 1, 2, 5, 20)
ASKED = {"user@local.example": "DUNNO", "user@c.example": DENIED}


class LoadClient(threading.Thread):
    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load = load
        self.number = number
        self.random = random.Random(load.seed * 1000 + number)
        self.sent = 0
        self.answered = {}  # instance: action
        self.partial = []  # what was read of a reply when the connection ended
        self.fault = None

    def run(self):
        try:
            while not self.load.stopping.is_set():
                try:
                    with Client(self.load.path) as client:
                        self.converse(client)
                except (FileNotFoundError, ConnectionRefusedError):
                    time.sleep(0.002)
        except Exception as fault:  # told by Load.stop()
            self.fault = fault

    def converse(self, client):
        while not self.load.stopping.is_set():
            requests = [self.request() for _ in range(self.random.choice(BURSTS))]
            try:
                client.send(b"".join(text for _, _, text in requests))
                for instance, recipient, _ in requests:
                    action = client.receive()
                    self.answered[instance] = action
                    assert action == ASKED[recipient], f"{instance}: {action} for {recipient}"
            except (BrokenPipeError, ConnectionResetError):
                return  # replies to what was written earlier are not read: they don't count
            except Closed as closed:
                if closed.rest:
                    self.partial.append(closed.rest)
                return

    def request(self):
        """(instance, recipient, block); the last attribute shows that an audit line is whole."""
        self.sent += 1
        instance = f"{self.load.name}.{self.number}.{self.sent}"
        recipient = self.random.choice(list(ASKED))
        text = block(
            instance=instance,
            recipient=recipient,
            helo_name="h" * self.random.randrange(1, 1000),
            policy_context="last",
        )
        return instance, recipient, text


class Load:
    """Runs from start() to stop(), which raises what went wrong in a client."""

    def __init__(self, path, name, seed, clients=6):
        self.path = path
        self.name = name
        self.seed = seed
        self.stopping = threading.Event()
        self.clients = [LoadClient(self, number) for number in range(clients)]

    def start(self):
        for client in self.clients:
            client.start()
        return self

    def stop(self):
        self.stopping.set()
        for client in self.clients:
            client.join(30)
            if client.is_alive():
                raise AssertionError("a client of the load hangs")
            if client.fault:
                raise client.fault
        return self

    def count(self):
        """Replies that were read so far."""
        return sum(len(client.answered) for client in self.clients)

    def answered(self):
        return {k: v for client in self.clients for k, v in client.answered.items()}

    def partial(self):
        return [rest for client in self.clients for rest in client.partial]
