"""Tells CloudWatch what the stack's Prometheus measures: asks once, sends once, and ends. Says nothing unless it fails.

Reads one job (JSON) from the file that it is given: prometheus (URL), region, namespace, metrics ([{name, unit, query}]).
The AWS tool finds the credentials of the machine's role by itself: none are in an argument, a variable or a file here.
"""
import json
import math
import subprocess
import sys
import urllib.parse
import urllib.request

PROMETHEUS_SECONDS = 5
# Together below the limit of the unit, the tool's own retries included.
CONNECT_SECONDS, READ_SECONDS, TOOL_SECONDS = 5, 8, 35

# Loopback is nobody's proxy's business.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(prometheus, query):
    """The value of a query now; None where there is none, or none that is a number, as of a rate without requests."""
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with opener.open(url, timeout=PROMETHEUS_SECONDS) as answer:
        result = json.load(answer)["data"]["result"]
    value = float(result[0]["value"][1]) if result else math.nan
    return value if math.isfinite(value) else None


def measured(job):
    for metric in job["metrics"]:
        value = ask(job["prometheus"], metric["query"])
        if value is not None:
            yield {"MetricName": metric["name"], "Unit": metric["unit"], "Value": value}


def send(job, data):
    command = ["aws", "cloudwatch", "put-metric-data", "--region", job["region"], "--namespace", job["namespace"]]
    limits = ["--cli-connect-timeout", str(CONNECT_SECONDS), "--cli-read-timeout", str(READ_SECONDS)]
    done = subprocess.run(
        [*command, *limits, "--metric-data", json.dumps(data)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        words = " ".join(done.stderr.split())
        raise SystemExit(f"CloudWatch took no metrics: {words[:300]}")


def main(path):
    with open(path, encoding="utf8") as file:
        job = json.load(file)
    try:
        data = list(measured(job))
    except (OSError, KeyError, ValueError) as error:
        raise SystemExit(f"Prometheus at {job['prometheus']} gives no answer: {error}") from None
    try:
        send(job, data)
    except FileNotFoundError:
        raise SystemExit("CloudWatch took no metrics: there is no AWS tool (aws) on PATH") from None
    except subprocess.TimeoutExpired:
        raise SystemExit(f"CloudWatch took no metrics: the AWS tool did not end in {TOOL_SECONDS} s") from None


main(sys.argv[1])
