"""The PyPI package scim2-server with made-up users in its memory: PORT USERS MEMBERS.

User number n has the id `u{n}` and the name `user{n}@example.com`; the group `g` holds the first
MEMBERS of them. Accepts the token `peer-token` and prints `ready` once it listens.
"""

import secrets
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from scim2_models import ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.testserver.cli import ThreadingWSGIServer
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

port, users, members = map(int, sys.argv[1:4])


class Storage(InMemoryStorage):
    """Gives the ids that the benchmark knows, and its own ones after that."""

    given = None

    def generate_id(self, resource_type, resource):
        return self.given or super().generate_id(resource_type, resource)


class Server(ThreadingWSGIServer):
    """Lets as many connections wait as the benchmark opens."""

    request_queue_size = 1024


class Quiet(WSGIRequestHandler):
    """Keeps connections and writes no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def seed(storage, provider):
    kinds = {kind.name: kind for kind in provider.resource_types}
    User, Group = (provider.model_for(kinds[name]) for name in ("User", "Group"))
    for n in range(users):
        name = f"user{n}@example.com"
        storage.given = f"u{n}"
        user = User(user_name=name, display_name=f"User {n}", active=True, emails=[{"value": name, "type": "work", "primary": True}])
        storage.create(kinds["User"], user)
    storage.given = "g"
    storage.create(kinds["Group"], Group(display_name="All", members=[{"value": f"u{n}"} for n in range(members)]))
    storage.given = None


provider = ScimProvider.from_discovery(
    load_default_schemas().values(), load_default_resource_types().values(), config=load_default_service_provider_config()
)
storage = Storage()
seed(storage, provider)
application = BearerTokenApplication(storage, provider, service=ScimService(provider, secret=secrets.token_urlsafe(32)), bearer_tokens=["peer-token"])
with make_server("127.0.0.1", port, application, server_class=Server, handler_class=Quiet) as server:
    print("ready", flush=True)
    server.serve_forever()
