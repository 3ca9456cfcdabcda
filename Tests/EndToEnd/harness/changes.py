"""One change of each kind to a configuration, and back: what a reload has to bring into force while clients are served.

Each is a generator that changes the configuration of an OCM each time it is asked, and says what the reload is to name.
"""

import copy
import json

from .ocm import free_port
from .reload import service, supervisor


def _turns(change, *values):
    while True:
        for value in values:
            yield change(value)


# What workers take while they serve.

def users(ocm):
    """Somebody comes, gets another token, and goes."""
    user = {"name": "guest", "token": "sk-ocm-guest-one"}
    while True:
        service(ocm)["users"].append(user | {})
        yield "users: guest added"
        service(ocm)["users"][-1]["token"] = "sk-ocm-guest-two"
        yield "the token of guest changed"
        service(ocm)["users"].pop()
        yield "users: guest removed"


def headers(ocm):
    def change(value):
        service(ocm)["headers"] = value
        return "services[codex].headers"
    return _turns(change, {"X-Team": "one"}, {"X-Team": ["two", "three"]}, {})


def limits(ocm):
    def change(value):
        supervisor(ocm)["limits"] = {"body_bytes": value}
        return "supervisor.limits.body_bytes"
    return _turns(change, 1 << 20, 1 << 27)


def timeouts(ocm):
    def change(value):
        supervisor(ocm)["timeouts"] = {"idle": value}
        return "supervisor.timeouts.idle"
    return _turns(change, "4m", "5m")


def level(ocm):
    def change(value):
        ocm.configuration["log"]["level"] = value
        return "log.level"
    return _turns(change, "warn", "info")


def prices(ocm):
    path = ocm.directory / "prices.json"
    supervisor(ocm)["pricing_path"] = str(path)
    first = True
    while True:
        for dollars in (2, 3):
            path.write_text(json.dumps({"models": {"house": {"default": {
                "input": dollars, "cached_input": dollars, "output": dollars}}}}))
            yield "supervisor.pricing_path: none is now" if first else "supervisor.pricing_path: the prices are others"
            first = False


# What only workers that are new can have.

def workers(ocm):
    def change(value):
        supervisor(ocm)["workers"] = value
        return "supervisor.workers"
    return _turns(change, 3, 2)


def endpoints(ocm):
    """The one that this login does not use."""
    def change(value):
        supervisor(ocm)["endpoints"]["openai"] = value
        return "supervisor.endpoints.openai"
    return _turns(change, ocm.fake.url + "/other", ocm.fake.url)


def logs(ocm):
    def change(value):
        ocm.configuration["log"]["timestamp"] = value
        return "log.timestamp"
    return _turns(change, False, True)


def services(ocm):
    """Another service comes, moves to another port, and goes."""
    services = ocm.configuration["services"]
    while True:
        services.append(copy.deepcopy(services[0]) | {"tag": "second", "listen_port": free_port(), "usages_path": ""})
        yield "services[second]: added"
        services[-1]["listen_port"] = free_port()
        yield "services[second].listen_port"
        services.pop()
        yield "services[second]: removed"


LIVE = (users, headers, limits, timeouts, level, prices)
OTHERS = (workers, endpoints, logs, services)
