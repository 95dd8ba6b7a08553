"""Connects to a server of the Model Context Protocol as it is told, once for each POST: PORT.

A POST names `url` and `token`, or `command` (a list) and `folder`; `mode`, as the client takes it; and
`calls`, a list of [tool, arguments]. Every list is read to its end, every resource template, prompt and
call is tried, and a call whose answer has a `next_cursor` is asked on until there is none.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


def plain(value):
    """A model of the client as plain data."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


async def all_of(list_page, field):
    """Every member of a list, however many pages it has."""
    found, cursor = [], None
    while True:
        page = await list_page(cursor=cursor)
        found += [plain(one) for one in getattr(page, field)]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def call(client, tool, arguments):
    """All pages of what a tool answers, or the error of the protocol."""
    pages = []
    try:
        while True:
            page = plain(await client.call_tool(tool, arguments))
            pages.append(page)
            cursor = (page.get("structuredContent") or {}).get("next_cursor")
            if cursor is None:
                return {"tool": tool, "pages": pages}
            arguments = {**arguments, "cursor": cursor}
    except Exception as error:  # what the client raises is what is told
        return {"tool": tool, "pages": pages, "raised": f"{type(error).__name__}: {error}"}


async def seen(client, asked):
    """What the client sees of the server."""
    prompts = await all_of(client.list_prompts, "prompts")
    filled = []
    for prompt in prompts:
        arguments = {one["name"]: "wiki" for one in prompt["arguments"]}
        filled.append(plain(await client.get_prompt(prompt["name"], arguments)))
    resources = await all_of(client.list_resources, "resources")
    texts = [plain(await client.read_resource(one["uri"])) for one in resources[:2]]
    return {
        "protocol": client.protocol_version,
        "instructions": client.instructions,
        "tools": await all_of(client.list_tools, "tools"),
        "resources": resources,
        "texts": texts,
        "templates": await all_of(client.list_resource_templates, "resource_templates"),
        "prompts": prompts,
        "filled": filled,
        "calls": [await call(client, tool, arguments) for tool, arguments in asked["calls"]],
    }


async def run(asked):
    """Connects as asked and looks at everything."""
    async with AsyncExitStack() as stack:
        if "url" in asked:
            headers = {"Authorization": f"Bearer {asked['token']}"}
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=60))
            server = streamable_http_client(asked["url"], http_client=http)
        else:
            command, *arguments = asked["command"]
            server = StdioServerParameters(command=command, args=arguments, cwd=asked["folder"])
        client = Client(server, mode=asked["mode"], read_timeout_seconds=60)
        return await seen(await stack.enter_async_context(client), asked)


class Suite(BaseHTTPRequestHandler):
    """One POST, one connection."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(asyncio.run(run(asked))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Suite)
print("ready", flush=True)
server.serve_forever()
