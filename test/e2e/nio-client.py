"""A Matrix client that is not ours: logs in, makes a room, sends, syncs, uploads and downloads. One JSON line of what it saw.

argv: server host, its address, the certificate to trust, user id; the password on stdin.
"""

import asyncio
import io
import json
import os
import socket
import ssl
import sys

import aiohttp
import nio

host, address, certificate, user = sys.argv[1:]
password = sys.stdin.read()


class OnlyThere(aiohttp.abc.AbstractResolver):
    """The server's name is known to this test alone; every other name is an error."""

    async def resolve(self, name, port=0, family=socket.AF_INET):
        assert name == host, name
        return [{"hostname": name, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self):
        pass


def good(answer):
    assert not isinstance(answer, nio.ErrorResponse), answer
    return answer


async def main():
    trust = ssl.create_default_context(cafile=certificate)
    client = nio.AsyncClient(f"https://{host}", user, config=nio.AsyncClientConfig(encryption_enabled=False), ssl=trust)
    client.client_session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=OnlyThere()))
    good(await client.login(password, device_name="not mhprov"))
    room = good(await client.room_create(name="a room / with a slash", topic="€ and ü")).room_id
    content = {"msgtype": "m.text", "body": "grüße, from another client"}
    sent = good(await client.room_send(room, "m.room.message", content)).event_id
    synced = good(await client.sync(timeout=10000, full_state=True))
    events = synced.rooms.join[room].timeline.events
    image = os.urandom(200_000)
    uploaded, _ = await client.upload(lambda *_: io.BytesIO(image), content_type="image/png", filename="x y.png", filesize=len(image))
    good(uploaded)
    server, media = uploaded.content_uri.removeprefix("mxc://").split("/")
    path = f"https://{host}/_matrix/client/v1/media/download/{server}/{media}"
    async with client.client_session.get(path, ssl=trust, headers={"Authorization": f"Bearer {client.access_token}"}) as answer:
        back = await answer.read()
    result = {
        "user": client.user_id,
        "read back": [event.body for event in events if event.event_id == sent],
        "media equal": back == image,
    }
    await client.logout()
    await client.close()
    print(json.dumps(result))


asyncio.run(main())
