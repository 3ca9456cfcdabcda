"""What a test asks of the server beside the API: counts, requests as they came, orders for what is to come."""

import dataclasses
import json

from . import answers


class Control:
    """Answers the targets that begin with `/_`."""

    def __init__(self, service):
        self.service = service

    def answer(self, request):
        path, _, query = request.target.partition("?")
        if path == "/_stats":
            return self.stats()
        if path == "/_requests":
            limit = int(dict(pair.split("=") for pair in query.split("&") if pair).get("n", "100"))
            records = [r for r in self.service.counts.records.values() if not r.request.target.startswith("/_")]
            return [record.described() for record in records[-limit:]]
        if path == "/_records":
            return [record.described(False) for record in self.service.counts.records.values()
                    if not record.request.target.startswith("/_")]
        if path == "/_sockets":
            return [*self.service.ended_sockets, *(socket.described() for socket in self.service.sockets)]
        if path.startswith("/_requests/"):
            record = self.service.counts.records.get(int(path.rpartition("/")[2].removeprefix("req_")))
            return record.described() if record else None
        if path == "/_control":
            try:
                return self.command(json.loads(request.kept))
            except (ValueError, TypeError, KeyError) as error:
                return {"error": repr(error)}
        return {"error": f"no {path} here"}

    def command(self, order):
        for entry in order.pop("queue", []):
            self.service.orders.add(entry)
        result = {}
        for name, value in order.items():
            if name == "clear":
                self.service.orders.clear()
            elif name == "login":
                result["login"] = self.service.login.auth_json(value)
            elif name == "revoke_access":
                self.service.login.revoke_access()
            elif name == "revoke_refresh":
                self.service.login.revoke_refresh()
            elif name == "signin":
                self.service.login.sign_in.command(value)
            elif name == "lifetime":
                self.service.login.lifetime = float(value)
            elif name == "limit_headers":
                self.service.limit_headers = value
            elif name == "check":
                self.service.check = bool(value)
            elif name == "drop_idle":
                result["dropped"] = self.service.drop_idle()
            elif name == "sockets":
                result["sockets"] = self.service.command_sockets(value)
            elif name == "reset_stats":
                self.service.counts.clear()
                self.service.ended_sockets.clear()
            elif name == "seed":
                answers.numbers.seed(value)
            else:
                result["error"] = f"no command {name!r}"
        return result

    def stats(self):
        counts, login = self.service.counts, self.service.login
        served = [r for r in counts.records.values() if not r.request.target.startswith("/_")]
        return {"usage": counts.totals(), "connections": counts.connections, "open": len(self.service.connections),
                "requests": len(served), "active": sum(r.ended is None for r in served),
                "websockets": len(self.service.sockets), "bytes": counts.bytes, "unparsable": counts.refused, "refreshes": login.refreshes,
                "reused_refresh_tokens": login.reused, "refused_refreshes": login.refused,
                "signin": login.sign_in.stats(),
                "live_refresh_tokens": [t for t, e in login.refresh.items() if e["state"] == "live"],
                "orders_left": [dataclasses.asdict(entry["behaviour"]) for entry in self.service.orders.queue
                                if entry["times"] > 0],
                "week_start": (self.service.week_reset - 10080 * 60 + 30) // 60 * 60}
