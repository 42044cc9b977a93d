/**
 * Python: the four connections to the edge, and for each request one to the origin. What is said to the edge is described in
 * ../edge/connectors.ts. Of an origin's certificate it says what Go would, since that is what people look for in a log.
 */
export const connectorModule = String.raw`import asyncio
import json
import ssl
import sys
import time
import uuid
from urllib.parse import urlsplit

from ingress import Bad, find, parse, seconds

REGIONS = ("region1.v2.argotunnel.com", "region2.v2.argotunnel.com")
PORT = 7844
CONNECTIONS = 4


def log(level, text, **fields):
    more = "".join(f" {name}={json.dumps(value) if ' ' in str(value) else value}" for name, value in fields.items())
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {level} {text}{more}", file=sys.stderr, flush=True)


class Refused(Exception):
    pass


class Unfit(Exception):
    pass


class Connector:
    def __init__(self, credentials, rules, protocol):
        self.credentials = credentials
        self.rules = rules
        self.protocol = protocol
        self.version = -1
        self.configuration = None
        self.id = str(uuid.uuid4())
        self.ready = set()

    async def run(self):
        """Ends only by being refused."""
        await asyncio.gather(*(self.keep(index) for index in range(CONNECTIONS)))

    async def keep(self, index):
        wait = 0.25
        while True:
            try:
                await self.connection(index)
                wait = 0.25
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                log("ERR", "Unable to establish connection with Cloudflare edge", error=str(error), connIndex=index)
            finally:
                self.ready.discard(index)
            log("INF", f"Retrying connection in up to {wait}s", connIndex=index)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 4)

    async def connection(self, index):
        region = REGIONS[index % 2]
        reader, writer = await asyncio.open_connection(region, PORT)
        try:
            send(writer, {"register": {**self.credentials, "connector": self.id, "index": index}})
            answer = await receive(reader)
            if "refused" in answer:
                raise Refused(answer["refused"])
            self.configure(answer)
            self.ready.add(index)
            about = {"connIndex": index, "connection": uuid.uuid4(), "location": "lab01", "protocol": self.protocol}
            log("INF", "Registered tunnel connection", **about)
            while not reader.at_eof():
                message = await receive(reader)
                if "request" in message:
                    task = asyncio.create_task(self.request(message, region))
                    running.add(task)
                    task.add_done_callback(running.discard)
                else:
                    self.configure(message)
        finally:
            writer.close()

    def configure(self, message):
        configuration, version = message.get("configuration"), message.get("version", -1)
        if configuration is None or version <= self.version:
            return
        try:
            self.rules = parse(configuration)
        except Bad as error:
            return log("ERR", "Failed to update configuration", error=str(error), version=version)
        self.version, self.configuration = version, configuration
        log("INF", "Updated to new configuration", config=json.dumps(configuration), version=version)

    async def request(self, message, region):
        answer = {"answer": message["request"]}
        edge, edge_writer = await asyncio.open_connection(region, PORT)
        try:
            number = find(self.rules, message["host"], message["path"])
            if number is None:
                return send(edge_writer, {**answer, "status": 503})
            rule = self.rules[number]
            if rule.service.startswith("http_status:"):
                return send(edge_writer, {**answer, "status": int(rule.service[12:])})
            try:
                origin, origin_writer = await self.origin(rule, message["host"])
            except (OSError, Unfit, asyncio.TimeoutError) as error:
                unreachable = "Unable to reach the origin service. The service may be down or it may not be responding to traffic from cloudflared"
                reason = f"{unreachable}: {error or 'i/o timeout'}"
                log("ERR", "", error=reason, ingressRule=number, originService=rule.service)
                return send(edge_writer, {**answer, "status": 502, "reason": reason})
            send(edge_writer, {**answer, "connected": True, "host": rule.origin.get("httpHostHeader") or message["host"]})
            await asyncio.gather(pump(edge, origin_writer), pump(origin, edge_writer))
        finally:
            edge_writer.close()

    async def origin(self, rule, host):
        url = urlsplit(rule.service)
        if url.scheme not in ("http", "https"):
            raise Unfit(f"this stand-in serves http and https, not {url.scheme}")
        tls, name = None, None
        if url.scheme == "https":
            name = rule.origin.get("originServerName") or (host if rule.origin.get("matchSNItoHost") else url.hostname)
            tls = ssl.create_default_context()
            if rule.origin.get("caPool"):
                tls.load_verify_locations(rule.origin["caPool"])
            # Names are compared below, to say which ones there are.
            tls.check_hostname = False
            if rule.origin.get("noTLSVerify"):
                tls.verify_mode = ssl.CERT_NONE
        port = url.port or (443 if tls else 80)
        where = asyncio.open_connection(url.hostname, port, ssl=tls, server_hostname=name)
        try:
            reader, writer = await asyncio.wait_for(where, seconds(rule.origin.get("connectTimeout"), 30))
        except ssl.SSLCertVerificationError as error:
            expired = error.verify_code in (9, 10)
            why = "certificate has expired or is not yet valid" if expired else "certificate signed by unknown authority"
            raise Unfit(f"tls: failed to verify certificate: x509: {why}")
        if tls and not rule.origin.get("noTLSVerify"):
            try:
                compare(writer.get_extra_info("peercert"), name)
            except Unfit:
                writer.close()
                raise
        return reader, writer


running = set()


def compare(certificate, name):
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    if not names:
        raise Unfit("tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead")
    for one in names:
        if one.lower() == name.lower() or (one.startswith("*.") and name.partition(".")[2].lower() == one[2:].lower()):
            return
    raise Unfit(f"tls: failed to verify certificate: x509: certificate is valid for {', '.join(names)}, not {name}")


def send(writer, message):
    writer.write(json.dumps(message).encode() + b"\n")


async def receive(reader):
    line = await reader.readline()
    if not line:
        raise ConnectionError("the edge has closed the connection")
    return json.loads(line)


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # whoever is left sees the end of the stream
    finally:
        writer.close()
`
