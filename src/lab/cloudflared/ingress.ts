/**
 * Python: ingress rules, from the configuration file or pushed by the edge. Rules and messages are those of cloudflared
 * (ingress/ingress.go, config/configuration.go).
 */
export const ingressModule = String.raw`import re
from urllib.parse import urlsplit

import yaml

ORIGIN = {
    "connectTimeout", "tlsTimeout", "tcpKeepAlive", "noHappyEyeballs", "keepAliveConnections", "keepAliveTimeout",
    "httpHostHeader", "originServerName", "matchSNItoHost", "caPool", "noTLSVerify", "disableChunkedEncoding",
    "proxyAddress", "proxyPort", "proxyType", "ipRules", "http2Origin", "access",
}
RULE = {"hostname", "path", "service", "originRequest"}
# The flags of "tunnel" may stand in the file too.
TOP = {
    "tunnel", "ingress", "originRequest", "warp-routing", "credentials-file", "metrics", "protocol", "loglevel",
    "transport-loglevel", "logfile", "log-directory", "edge-ip-version", "region", "retries", "grace-period",
    "no-autoupdate", "autoupdate-freq", "post-quantum", "tag", "pidfile", "url", "origincert", "ha-connections",
}


class Bad(Exception):
    pass


def load(path):
    """The document and its keys that mean nothing."""
    try:
        with open(path) as file:
            document = yaml.safe_load(file) or {}
    except OSError as error:
        raise Bad(f"error opening config file {path}: open {path}: {error.strerror.lower()}")
    except yaml.YAMLError as error:
        raise Bad(f"error parsing YAML in config file at {path}: {error}")
    if not isinstance(document, dict):
        raise Bad(f"error parsing YAML in config file at {path}: expected a mapping")
    return document, unused(document)


def unused(document):
    keys = [key for key in document if key not in TOP]
    keys += [f"originRequest.{key}" for key in document.get("originRequest") or {} if key not in ORIGIN]
    for i, rule in enumerate(document.get("ingress") or []):
        keys += [f"ingress[{i}].{key}" for key in rule if key not in RULE]
        keys += [f"ingress[{i}].originRequest.{key}" for key in rule.get("originRequest") or {} if key not in ORIGIN]
    return keys


class Rule:
    def __init__(self, rule, shared):
        self.hostname = rule.get("hostname") or ""
        self.path = rule.get("path") or ""
        self.service = str(rule.get("service") or "")
        self.origin = {**shared, **(rule.get("originRequest") or {})}

    def fits(self, host, path):
        if self.hostname.startswith("*."):
            named = host.endswith(self.hostname[1:])
        else:
            named = self.hostname in ("", "*", host)
        return named and (self.path == "" or re.search(self.path, path) is not None)

    def check(self, number, last):
        if last and (self.hostname not in ("", "*") or self.path != ""):
            raise Bad("The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)")
        if not last and self.hostname in ("", "*") and self.path == "":
            raise Bad(
                f"Rule #{number} is matching the hostname '{self.hostname}', but this will match every hostname, "
                "meaning the rules which follow it will never be triggered."
            )
        if ":" in self.hostname:
            raise Bad("Hostname cannot contain a port")
        if self.hostname.rfind("*") > 0 or (self.hostname.startswith("*") and self.hostname[1:2] not in ("", ".")):
            raise Bad(
                'Hostname patterns can have at most one wildcard character ("*") and it can only be used for '
                'subdomains, e.g. "*.example.com"'
            )
        try:
            re.compile(self.path)
        except re.error as error:
            raise Bad(f"Rule #{number} has an invalid regex: {error}")
        if re.fullmatch(r"http_status:\d{3}", self.service):
            return
        if self.service.startswith("http_status:"):
            raise Bad(f"invalid HTTP status code provided: {self.service[12:]}")
        url = urlsplit(self.service)
        if not url.scheme or not url.hostname:
            raise Bad(f"{self.service} is an invalid address, please make sure it has a scheme and a hostname")
        if url.path or url.query:
            raise Bad(
                f"{self.service} is an invalid address, ingress rules don't support proxying to a different path on "
                "the origin service. The path will be the same as the eyeball request's path"
            )


def parse(document):
    """The rules of a configuration; none when it has none, for which cloudflared answers 503."""
    if "ingress" not in document:
        return []
    given = document["ingress"] or []
    if not given:
        raise Bad("The config file doesn't contain any ingress rules")
    rules = [Rule(rule, document.get("originRequest") or {}) for rule in given]
    for i, rule in enumerate(rules):
        rule.check(i + 1, i == len(rules) - 1)
    return rules


def find(rules, host, path):
    return next((i for i, rule in enumerate(rules) if rule.fits(host, path)), None)


def seconds(value, default):
    """Of a duration: a number of seconds in what the edge sends, text such as 1m30s in a file."""
    if isinstance(value, (int, float)):
        return value
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", str(value or ""))
    return sum(float(number) * units[unit] for number, unit in parts) or default
`
